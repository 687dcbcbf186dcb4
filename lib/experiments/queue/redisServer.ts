/** A Redis server as a sweep reaches it: looked at once, before anything relies on it, and then kept through its outages. */
import { Redis } from 'ioredis';
import { InputError } from '../../errors/inputError';

/** What BullMQ is made for; older ones lack commands. */
const oldest = { major: 6, minor: 2 };
/** How long a server may take to answer at the start, in milliseconds. */
const patience = 5000;

/**
 * A connection that outlives the server: commands wait until it is back.
 * @param tell is told of each outage once, in a sentence
 * @throws     InputError for what is no URL of a Redis server, a server that does not answer, and one that is too old
 */
export async function openRedis(url: string, tell: (sentence: string) => void): Promise<Redis> {
  const where = placeOf(url);
  await requireServer(url, where);
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, 1000),
  });
  let isOut = false;
  redis.on('error', () => undefined);
  redis.on('ready', () => {
    isOut = false;
  });
  redis.on('reconnecting', () => {
    if (!isOut) tell(`the connection to ${where} is lost; it is tried again until it is back.`);
    isOut = true;
  });
  return redis;
}

/** The URL as a sentence may show it: without a password. */
function placeOf(url: string): string {
  const expected = 'expected redis://HOST:PORT, or rediss:// for TLS';
  const shown = url.replace(/\/\/[^@/]*@/, '//');
  if (!URL.canParse(url)) throw new InputError(`"${shown}" is no URL; ${expected}.`);
  const { protocol, host, hostname, pathname } = new URL(url);
  if (!['redis:', 'rediss:'].includes(protocol) || hostname === '' || !/^\/?\d*$/.test(pathname)) {
    throw new InputError(`"${shown}" is no URL of a Redis server; ${expected}.`);
  }
  return `${protocol}//${host}${pathname}`;
}

async function requireServer(url: string, where: string): Promise<void> {
  const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  let why = `no answer within ${patience / 1000} seconds`;
  probe.on('error', (error) => {
    why = error.message;
  });
  const timer = setTimeout(() => probe.disconnect(), patience);
  let info: string;
  try {
    await probe.connect();
    info = await probe.info('server');
  } catch {
    throw new InputError(`no Redis server answers at ${where}: ${why}.`);
  } finally {
    clearTimeout(timer);
    probe.disconnect();
  }
  requireVersion(/^redis_version:(\S+)/m.exec(info)?.[1] ?? '', where);
}

/** @throws InputError for a server that is too old, or that does not tell its version */
export function requireVersion(version: string, where: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return;
  throw new InputError(
    `the server at ${where} is Redis ${version || 'of no version'}; expected ${oldest.major}.${oldest.minor} or later.`,
  );
}
