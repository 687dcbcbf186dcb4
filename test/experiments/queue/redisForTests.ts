/** A Redis server of a test's own: on a free port, with a temporary folder, quiet, and gone with the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** LAB_REQUIRE_REDIS=1 makes a missing server an error in place of a skipped test. */
export const hasRedis =
  process.env.LAB_REQUIRE_REDIS === '1' ||
  spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

export interface RedisForTests {
  readonly url: string;
  readonly client: Redis;
  /** kill -9, and a start with nothing of what there was, or with what was on the disk. */
  restart(options: { readonly forget: boolean; readonly downFor?: number }): Promise<void>;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

/** @param settings such as ['--appendonly', 'yes'] */
export async function startRedis(...settings: readonly string[]): Promise<RedisForTests> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...settings];
  const begin = () => spawn('redis-server', args, { stdio: 'ignore' });
  let server: ChildProcess = begin();
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await client.ping();
  const end = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url,
    client,
    restart: async ({ forget, downFor = 0 }) => {
      await end();
      await sleep(downFor);
      if (forget) {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      }
      server = begin();
      await client.ping();
    },
    stop: async () => {
      client.disconnect();
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The keys that do not void themselves. */
export async function leftIn({ client }: RedisForTests): Promise<string[]> {
  const keys = await client.keys('*');
  const times = await Promise.all(keys.map((key) => client.pttl(key)));
  return keys.filter((_, i) => times[i] === -1);
}
