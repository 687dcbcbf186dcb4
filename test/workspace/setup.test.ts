import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';

// the modules read it when they are imported
const cache = mkdtempSync(join(tmpdir(), 'lab-cache-'));
vi.stubEnv('LAB_CACHE', cache);

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

describe('the check of Node', async () => {
  const { checkNode } = await import('../../lib/workspace/setup/node.mjs');

  it.each(['20.0.0', '20.20.2', '21.7.3', '22.18.0'])('takes %s', (version) => {
    expect(() => checkNode(version, 'linux')).not.toThrow();
  });

  it.each(['16.20.2', '18.19.1', '23.0.0', '24.2.0'])('refuses %s and names it', (version) => {
    expect(() => checkNode(version, 'linux')).toThrow(`Node ${version}`);
  });

  it('sends Windows to WSL', () => {
    expect(() => checkNode('22.0.0', 'win32')).toThrow('WSL');
  });
});

describe('the explanation of a failure', async () => {
  const { explainFailure } = await import('../../lib/workspace/setup/failure.mjs');
  const explain = (output: string) => explainFailure('npm packages', output, '/folder', '/log').message;

  it.each([
    'npm error code ENOTFOUND\nnpm error network request failed',
    'npm error code ECONNREFUSED',
    'WARNING: Retrying (Retry(total=1)) after connection broken by NewConnectionError',
    'getaddrinfo EAI_AGAIN',
  ])('recognizes a registry out of reach: %s', (output) => {
    expect(explain(output)).toMatch(/^The package registry is out of reach \(npm packages\)/);
  });

  it.each(['npm error code ENOSPC', 'OSError: [Errno 28] No space left on device'])(
    'recognizes a full disk: %s',
    (output) => {
      expect(explain(output)).toMatch(/^The disk of \/folder is full \(npm packages\)/);
    },
  );

  it('otherwise quotes the line that tells, and names the log', () => {
    const output =
      'npm error code EUSAGE\nnpm error\nnpm error `npm ci` needs a lockfile\nnpm error A log is in x';
    expect(explain(output)).toContain('npm error `npm ci` needs a lockfile (all of its output: /log)');
    expect(explain('a.cc: In function f\na.cc:3:1: error: expected ;\nmake: stopped')).toContain(
      'a.cc:3:1: error: expected ;',
    );
  });
});

describe('a folder with a stamp', async () => {
  const { isComplete, markComplete, markIncomplete, requireSpace, startAfresh, writeAtomically } =
    await import('../../lib/workspace/setup/folders.mjs');

  it('is complete for its own key only, and until it is started afresh', () => {
    const folder = join(cache, 'made');
    expect(isComplete(folder, 'a')).toBe(false);
    markComplete(folder, 'a');
    expect([isComplete(folder, 'a'), isComplete(folder, 'b')]).toEqual([true, false]);
    markIncomplete(folder);
    expect(isComplete(folder, 'a')).toBe(false);
    markComplete(folder, 'a');
    startAfresh(folder);
    expect(isComplete(folder, 'a')).toBe(false);
  });

  it('is refused where the disk cannot hold it, with both numbers', () => {
    expect(() => requireSpace(cache, 1e9, 'TensorFlow')).toThrow(
      /\(TensorFlow\): \d+ MB are free and 1000000000 MB are needed/,
    );
    expect(() => requireSpace(cache, 0, 'TensorFlow')).not.toThrow();
  });

  it('receives files whole: a write that fails leaves the old one', () => {
    const file = join(cache, 'file');
    writeAtomically(file, 'old');
    expect(() => writeAtomically(join(file, 'below'), 'new')).toThrow();
    expect(readFileSync(file, 'utf8')).toBe('old');
  });
});

describe('the lock of set-up', async () => {
  const lock = () => join(cache, 'setup.lock');
  const { noteChild, withLock } = await import('../../lib/workspace/setup/lock.mjs');

  it('lets one at a time work', async () => {
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await sleep(100);
      events.push(`${name} ends`);
    };
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await Promise.all([withLock(work('first')), withLock(work('second'))]);
    vi.restoreAllMocks();
    expect(events).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('is given back when the work fails', async () => {
    await expect(withLock(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(lock())).toBe(false);
  });

  it('is taken over from a process that ended, and what that was running is ended', async () => {
    const orphan = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const ended = new Promise((resolve) => orphan.on('close', (_code, signal) => resolve(signal)));
    await withLock(async () => {
      noteChild(orphan.pid);
      const holder = JSON.parse(readFileSync(lock(), 'utf8'));
      expect(holder.child.pid).toBe(orphan.pid);
      writeFileSync(join(cache, 'left'), JSON.stringify({ ...holder, pid: 999_999_999 }));
      noteChild(undefined);
    });
    writeFileSync(lock(), readFileSync(join(cache, 'left')));
    await withLock(async () => {});
    expect(await ended).toBe('SIGKILL');
  });

  it('is taken over when it is unreadable', async () => {
    writeFileSync(lock(), '{ "pid": ');
    await withLock(async () => {});
    expect(existsSync(lock())).toBe(false);
  });
});
