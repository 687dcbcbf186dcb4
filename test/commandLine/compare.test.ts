import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compare } from '../../lib/commandLine/compareCommand';
import type { CompareOptions } from '../../lib/commandLine/options';
import { InputError } from '../../lib/errors/inputError';
import { settingLabels } from '../../lib/experiments/comparison/settingLabels';
import { keepRun, type MadeUp, runSpec } from './madeUpRuns';

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'lab-compare-'));
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

const compared = (parts: readonly string[], metric: CompareOptions['metric'] = null) =>
  compare({ kind: 'compare', parts, metric, out: results });

/** Accuracy is measured at every second step. */
function keep(
  made: MadeUp,
  accuracies: readonly number[],
  more: Readonly<Record<string, number>> = {},
): void {
  const rows = accuracies.flatMap((accuracy) => [
    { reward: accuracy - 1, accuracy: null, ...more },
    { reward: accuracy, accuracy, ...more },
  ]);
  keepRun(results, runSpec(made), [...rows, { reward: -5, accuracy: null, ...more }]);
}
const small = { id: 'aaaaaaaa', set: { clipRange: 0.1, steps: 40 } };
const large = { id: 'bbbbbbbb', set: { clipRange: 0.2, steps: 40 } };

describe('compare', () => {
  it('tells which setting ends higher, and leaves tables and figures', async () => {
    for (const [seed, noise] of [0.01, 0.03, -0.02, 0, 0.02].entries()) {
      keep({ seed, ...small }, [0.2, 0.5 + noise]);
      keep({ seed, ...large }, [0.1, 0.8 + 2 * noise]);
    }
    const text = await compared(['aaaa', 'bbbb']);
    const folder = join(results, 'comparisons', 'room__grpo__aaaaaaaa-vs-room__grpo__bbbbbbbb');
    expect(text).toContain('Accuracy at the end of each run\n');
    // means of 0.5 and 0.8 with the noise's mean, 0.008, once and twice
    expect(text).toMatch(/^grpo clipRange=0\.1 +5 +0\.508 \(.* room__grpo__aaaaaaaa$/m);
    expect(text).toMatch(/^grpo clipRange=0\.2 +5 +0\.816 \(.* room__grpo__bbbbbbbb$/m);
    expect(text).toMatch(
      /^grpo clipRange=0\.1 − grpo clipRange=0\.2 +5 +-0\.308 \(.* 0\/0\/5 +0 \(0 to 0\)$/m,
    );
    expect(text).toMatch(/^grpo clipRange=0\.1 and .* 5 seeds: grpo clipRange=0\.2 is better, /m);
    expect(text).toContain(`Tables and figures: ${folder}`);

    expect(readdirSync(folder).sort()).toEqual([
      'comparison.png',
      'curves.csv',
      'curves.png',
      'pairs.csv',
      'settings.csv',
    ]);
    const read = (name: string) =>
      parse(readFileSync(join(folder, name)), { columns: true }) as Record<string, string>[];
    expect(
      read('settings.csv').map(({ setting, name, metric, seeds }) => [setting, name, metric, seeds]),
    ).toEqual([
      ['grpo clipRange=0.1', 'room__grpo__aaaaaaaa', 'accuracy', '5'],
      ['grpo clipRange=0.2', 'room__grpo__bbbbbbbb', 'accuracy', '5'],
    ]);
    expect(read('pairs.csv')).toHaveLength(1);
    // two steps that were measured, for two settings
    const curves = read('curves.csv');
    expect(curves.map(({ setting, global_step }) => [setting, global_step])).toEqual([
      ['grpo clipRange=0.1', '2'],
      ['grpo clipRange=0.1', '4'],
      ['grpo clipRange=0.2', '2'],
      ['grpo clipRange=0.2', '4'],
    ]);
    // sums of numbers below 1 are rounded by some 1e-16
    expect(Number(curves[3]?.accuracy)).toBeCloseTo(0.816, 12);
    expect(Number(curves[3]?.accuracy_lower)).toBeLessThan(0.816);
    for (const name of ['comparison.png', 'curves.png']) {
      expect(readFileSync(join(folder, name)).subarray(1, 4).toString()).toBe('PNG');
    }
  });

  it('takes the reward where a run has no accuracy, and what it is told', async () => {
    for (const seed of [1, 2, 3]) {
      keep({ seed, ...small }, [0.5], { kl: 0.1 * seed });
      keepRun(results, runSpec({ seed, ...large }), [{ reward: seed, accuracy: null, kl: 1 }]);
    }
    expect(await compared(['aaaa', 'bbbb'])).toMatch(
      /^Reward at the end of each run\n\n.*\n.*0\.1 +3 +-5 \(-5 to -5\)/,
    );
    const inKl = await compared(['aaaa', 'bbbb'], 'kl');
    expect(inKl).toMatch(/^KL at the end/);
    expect(inKl).toContain('grpo clipRange=0.2 has the larger KL, no interval holds a tie');
    await expect(compared(['aaaa', 'bbbb'], 'held_out_accuracy')).rejects.toThrow(
      new InputError(
        'no run of the setting room__grpo__aaaaaaaa has ended with a held_out_accuracy; expected one or more.',
      ),
    );
  });

  it('counts a run that failed with what it came to, and none that has not ended', async () => {
    for (const seed of [1, 2]) {
      keep({ seed, ...small }, [0.5]);
      keep({ seed, ...large }, [0.6]);
    }
    const rows = [{ reward: 0, accuracy: 0.25 }];
    keepRun(results, runSpec({ seed: 3, ...small }), rows, { status: 'failed', reason: 'the loss is NaN.' });
    keepRun(results, runSpec({ seed: 3, ...large }), rows, null);
    const text = await compared(['aaaa', 'bbbb']);
    expect(text).toContain('room__grpo__3__aaaaaaaa failed and counts with what it came to.\n');
    expect(text).toContain('room__grpo__3__bbbbbbbb has not ended and does not count.\n');
    expect(text).toMatch(/^grpo clipRange=0\.1 +3 /m);
    expect(text).toMatch(/^grpo clipRange=0\.2 +2 /m);
    expect(text).toContain('2 seeds: not evidence; 1 run of other seeds left out.');
  });

  it('refuses a part of no setting, of several, and a setting twice', async () => {
    keep({ seed: 1, ...small }, [0.5]);
    keep({ seed: 1, ...large }, [0.5]);
    await expect(compared(['aaaa', 'grpo'])).rejects.toThrow(
      new InputError(
        '"grpo" fits 2 settings; expected a part of one: room__grpo__aaaaaaaa, room__grpo__bbbbbbbb.',
      ),
    );
    await expect(compared(['aaaa', 'cccc'])).rejects.toThrow(/^there is no setting "cccc"; did you mean /);
    await expect(compared(['aaaa', 'grpo__a'])).rejects.toThrow(
      new InputError('the setting room__grpo__aaaaaaaa is named twice; expected each once.'),
    );
    expect(readdirSync(results)).toEqual(['runs']);
  });
});

describe('a setting is called', () => {
  const labelled = (...made: readonly Omit<MadeUp, 'seed'>[]) => [
    ...settingLabels(made.map((one) => runSpec({ seed: 1, ...one }))).values(),
  ];

  it('by what tells it apart', () => {
    expect(labelled({ algorithm: 'ppo' }, { algorithm: 'grpo' })).toEqual(['ppo', 'grpo']);
    expect(labelled({ preset: 'trl', id: 'a' }, { preset: 'verl', id: 'b' })).toEqual([
      'grpo trl',
      'grpo verl',
    ]);
    const own = [{ maxKl: 0.02 }, { clipRange: 0.2 }, { clipRange: 0.1 }];
    expect(labelled({ algorithm: 'trpo', set: own[0]! }, { algorithm: 'ppo', set: own[1]! })).toEqual([
      'trpo',
      'ppo',
    ]);
    expect(
      labelled(
        { algorithm: 'ppo', set: own[1]!, id: 'a' },
        { algorithm: 'ppo', set: own[2]!, id: 'b' },
        { algorithm: 'grpo', set: own[1]! },
      ),
    ).toEqual(['ppo clipRange=0.2', 'ppo clipRange=0.1', 'grpo clipRange=0.2']);
    const same = { steps: 9 };
    expect(
      labelled(
        { set: { ...same, schedule: 'cosine' }, id: 'a' },
        { set: same, id: 'b' },
        { set: same, id: 'c' },
      ),
    ).toEqual(['grpo schedule=cosine', 'grpo b', 'grpo c']);
  });
});
