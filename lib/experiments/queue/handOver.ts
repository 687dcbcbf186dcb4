/**
 * How a run's state passes through Redis. What a worker writes, it writes only while it holds the job's lock: Redis
 * looks at the lock and writes in one step, so a worker that was away for too long cannot overwrite its successor's work.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RunSummary } from '../run/runFolder';
import type { News, QueueKeys } from './runQueue';
import { type Manifest, type Snapshot, sha256, snapshotOf } from './snapshot';

/** The right to write about a run, as long as its lock says so. */
export interface Lease {
  readonly redis: Redis;
  readonly keys: QueueKeys;
  readonly run: string;
  readonly token: string;
}

/** Thrown where another worker may have the run by now, or nobody. */
export class LeaseLost extends Error {}

const manifestField = 'manifest';

/** @throws LeaseLost */
export async function say({ redis, keys, run, token }: Lease, news: News): Promise<void> {
  const said = await redis.eval(
    `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
     redis.call('PUBLISH', ARGV[2], ARGV[3])
     return 1`,
    1,
    keys.lock(run),
    token,
    keys.channel,
    JSON.stringify(news),
  );
  if (said !== 1) throw new LeaseLost();
}

/**
 * Hands a folder over as it is now.
 * @param known the manifest that Redis was given last: only what has changed since is sent; null sends all
 * @returns     the manifest that Redis has now
 * @throws      LeaseLost
 */
export async function handOver(
  lease: Lease,
  folder: string,
  known: Manifest | null,
  ended: RunSummary | null,
): Promise<Manifest> {
  const snapshot = snapshotOf(folder, ended);
  const { files } = snapshot.manifest;
  const before = known?.files ?? {};
  const gone = Object.keys(before).filter((path) => !(path in files));
  const changed = Object.keys(files).filter((path) => files[path] !== before[path]);
  const outcome = await lease.redis.eval(
    `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
     if ARGV[2] == '' then redis.call('DEL', KEYS[2])
     elseif redis.call('HGET', KEYS[2], 'manifest') ~= ARGV[2] then return 'other' end
     local gone = tonumber(ARGV[5])
     for i = 6, 5 + gone do redis.call('HDEL', KEYS[2], ARGV[i]) end
     for i = 6 + gone, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
     redis.call('PUBLISH', ARGV[3], ARGV[4])
     return 'written'`,
    2,
    lease.keys.lock(lease.run),
    lease.keys.snapshot(lease.run),
    lease.token,
    known ? JSON.stringify(known) : '',
    lease.keys.channel,
    JSON.stringify({ run: lease.run, kind: 'changed' } satisfies News),
    gone.length,
    ...gone,
    ...fieldsOf(snapshot, changed),
  );
  if (outcome === 'lost') throw new LeaseLost();
  // a server that was restarted from an older dump has an older snapshot
  if (outcome === 'other') return handOver(lease, folder, null, ended);
  return snapshot.manifest;
}

/**
 * Puts a snapshot, or none, beside a job that is yet to come; where the job is there already, it has its own.
 */
export async function provide(
  redis: Redis,
  keys: QueueKeys,
  run: string,
  snapshot: Snapshot | null,
): Promise<void> {
  await redis.eval(
    `if redis.call('EXISTS', KEYS[1]) == 1 then return end
     redis.call('DEL', KEYS[2])
     for i = 1, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end`,
    2,
    keys.job(run),
    keys.snapshot(run),
    ...(snapshot ? fieldsOf(snapshot, Object.keys(snapshot.manifest.files)) : []),
  );
}

/** Takes a run out of the queue, and its lock from whoever trains it. */
export async function takeBack(redis: Redis, keys: QueueKeys, queue: Queue, run: string): Promise<void> {
  // a worker may take it between the two
  do await redis.del(keys.lock(run), keys.snapshot(run));
  while ((await queue.remove(run)) === 0);
}

async function readManifest(redis: Redis, key: string): Promise<Manifest | null> {
  const text = await redis.hget(key, manifestField);
  return text === null ? null : (JSON.parse(text) as Manifest);
}

/**
 * The files of a snapshot that differ from those one has.
 * @param own path → SHA-256
 * @returns   null where there is no snapshot, or one whose files are not those that it lists
 */
export async function fetchSnapshot(
  redis: Redis,
  key: string,
  own: Readonly<Record<string, string>>,
): Promise<Snapshot | null> {
  for (let tries = 0; tries < 10; tries++) {
    const manifest = await readManifest(redis, key);
    if (!manifest) return null;
    const paths = Object.keys(manifest.files).filter((path) => manifest.files[path] !== own[path]);
    const contents = paths.length > 0 ? await redis.hmgetBuffer(key, ...paths) : [];
    const bytes = new Map<string, Buffer>();
    paths.forEach((path, i) => {
      const content = contents[i];
      if (content && sha256(content) === manifest.files[path]) bytes.set(path, content);
    });
    // else a newer snapshot came in between
    if (bytes.size === paths.length) return { manifest, bytes };
  }
  return null;
}

function fieldsOf({ manifest, bytes }: Snapshot, paths: readonly string[]): (string | Buffer)[] {
  return [manifestField, JSON.stringify(manifest), ...paths.flatMap((path) => [path, bytes.get(path)!])];
}
