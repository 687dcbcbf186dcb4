import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../lib/workspace/environment.mjs';

let results: string;
beforeAll(() => {
  results = mkdtempSync(join(tmpdir(), 'lab-experiment-'));
});
afterAll(() => rmSync(results, { recursive: true, force: true }));

/** `npm run experiment -- line`, stopped as soon as it has said something. */
async function experiment(line: string, stopAt?: { readonly text: string; readonly by: NodeJS.Signals }) {
  const args = [
    join(root, 'lib', 'workspace', 'lab.mjs'),
    'experiment',
    ...line.split(' '),
    '--out',
    results,
  ];
  const child = spawn(process.execPath, args, { cwd: root });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    said.stdout += text;
    // once: the second Ctrl-C does not wait for the processes to end
    if (stopAt && said.stdout.includes(stopAt.text) && !child.killed) child.kill(stopAt.by);
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...said };
}

const tiny = '--task room --set queries=2 --set groupSize=2';

describe('npm run experiment', () => {
  it('trains, refuses to train again, and tells of what is kept', async () => {
    const trained = await experiment(`grpo ppo ${tiny} --seed 1..2 --set steps=3 --workers 2`);
    expect(trained).toMatchObject({ status: 0, stderr: '' });
    expect(trained.stdout).toMatch(/^4 runs to train by 2 workers, into /);
    expect(trained.stdout).toMatch(/room__grpo__2__\w{8}: done, 3 steps in /);
    expect(trained.stdout).toMatch(/room__ppo__\w{8} +2\/2 /);

    const runs = readdirSync(join(results, 'runs'));
    expect(runs).toHaveLength(4);
    const rows = readFileSync(join(results, 'runs', runs[0]!, 'progress.jsonl'), 'utf8');
    const again = await experiment(`grpo ${tiny} --seed 1..2 --set steps=3`);
    expect(again.stderr).toMatch(
      /^the run room__grpo__1__\w{8} \(and 1 other\) exists in .+: add --resume.+\n$/,
    );
    expect(again).toMatchObject({ status: 2, stdout: '' });

    const resumed = await experiment(`grpo ${tiny} --seed 1..3 --set steps=3 --resume`);
    expect(resumed).toMatchObject({ status: 0, stderr: '' });
    expect(resumed.stdout).toMatch(/room__grpo__1__\w{8}: done before\n/);
    expect(resumed.stdout).toMatch(/1 run to train by 1 worker/);
    expect(readFileSync(join(results, 'runs', runs[0]!, 'progress.jsonl'), 'utf8')).toBe(rows);

    const listed = await experiment('list');
    expect(listed.stdout.match(/ done +3\/3 /g)).toHaveLength(5);
    expect((await experiment('show ppo__2')).stdout).toContain('checkpoints\n  step 3 (best)\n');
    expect((await experiment('export')).stdout).toMatch(/runs\.csv: 15 rows of 5 runs\n$/);
    const compared = await experiment('compare __grpo__ __ppo__');
    expect(compared.stdout).toMatch(
      /^grpo and ppo, 2 seeds: not evidence; 1 run of other seeds left out\.$/m,
    );
    expect((await experiment('show 2')).stderr).toMatch(/^"2" fits \d+ runs; expected a part of one: /);
  });

  it('stops at Ctrl-C, and goes on', async () => {
    const line = `reinforce ${tiny} --seed 9 --set steps=60 --checkpoint-every 1`;
    const stopped = await experiment(line, { text: ': started', by: 'SIGINT' });
    expect(stopped).toMatchObject({ status: 130, stderr: '' });
    expect(stopped.stdout).toContain('Stopped; the same command with --resume goes on.\n');
    expect((await experiment('list')).stdout).toMatch(/room__reinforce__9__\w{8} +stopped /);
    const resumed = await experiment(`${line} --resume`);
    expect(resumed).toMatchObject({ status: 0, stderr: '' });
    expect(resumed.stdout).toMatch(/reinforce__9__\w{8}: done, 60 steps in /);
  });

  it('says why a run failed, and how many were made by other code', async () => {
    const failed = await experiment(`grpo ${tiny} --set steps=3 --set learningRate=1e38`);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/^room__grpo__1__\w{8} failed: step \d was not taken, .+\n$/);

    const line = `reinforce ${tiny} --seed 5 --set steps=1 --resume`;
    expect((await experiment(line)).status).toBe(0);
    const [name] = readdirSync(join(results, 'runs')).filter((run) => run.includes('reinforce__5'));
    const config = join(results, 'runs', name!, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace(/"code": "\w+"/, '"code": "0123"'));
    expect((await experiment(line)).stdout).toContain(
      "1 of the 1 run done before was made by other code than today's: to make it anew, delete its folder.",
    );
  });

  it.each([
    ['gpro --task room', 'there is no algorithm "gpro"; did you mean "grpo"?'],
    ['grpo --task rom', 'there is no task "rom"; did you mean "room"?'],
    ['grpo', 'task is missing'],
    ['--task room', 'algorithm is missing'],
    ['grpo --task room --set clipRnage=0.1', 'clipRnage is no setting of grpo; did you mean "clipRange"?'],
    ['show none', 'there is no run "none"; '],
  ])('refuses "%s" in a sentence', async (line, sentence) => {
    const before = existsSync(join(results, 'runs')) ? readdirSync(join(results, 'runs')) : [];
    const { status, stdout, stderr } = await experiment(line);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(results, 'runs')) ? readdirSync(join(results, 'runs')) : []).toEqual(before);
  });
});
