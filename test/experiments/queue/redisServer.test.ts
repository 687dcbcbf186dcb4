import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../lib/errors/inputError';
import { openRedis, requireVersion } from '../../../lib/experiments/queue/redisServer';
import { freePort } from './redisForTests';

const problemOf = async (url: string): Promise<string> => {
  try {
    (await openRedis(url, () => undefined)).disconnect();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  return '';
};

describe('openRedis', () => {
  it.each([
    ['localhost', '"localhost" is no URL; expected redis://HOST:PORT, or rediss:// for TLS.'],
    ['http://localhost:6379', '"http://localhost:6379" is no URL of a Redis server'],
    ['redis://localhost/first', '"redis://localhost/first" is no URL of a Redis server'],
    ['http://me:secret@host', '"http://host" is no URL of a Redis server'],
  ])('refuses %s', async (url, problem) => {
    expect(await problemOf(url)).toContain(problem);
  });

  it('tells that nobody answers, without the password', async () => {
    const port = await freePort();
    expect(await problemOf(`redis://:secret@127.0.0.1:${port}`)).toBe(
      `no Redis server answers at redis://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}.`,
    );
  });

  it('tells that what answers is no Redis', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await problemOf(`redis://127.0.0.1:${port}`)).toMatch(/^no Redis server answers at .*: .+\.$/);
    server.close();
  });

  it('does not wait for ever for one that says nothing', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await problemOf(`redis://127.0.0.1:${port}`)).toContain('no answer within 5 seconds');
    server.close();
  });

  it.each(['5.0.14', '6.0.9', ''])('refuses version "%s"', (version) => {
    expect(() => requireVersion(version, 'redis://host')).toThrow(/expected 6\.2 or later\.$/);
  });

  it.each(['6.2.0', '7.0.15', '10.0.0'])('accepts version "%s"', (version) => {
    expect(() => requireVersion(version, 'redis://host')).not.toThrow();
  });
});
