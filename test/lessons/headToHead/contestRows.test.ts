import { expect, it } from 'vitest';
import { planSweep } from '../../../lib/experiments/config/planSweep';
import { algorithmName, contestRows, named } from '../../../lib/lessons/headToHead/contestRows';

const set = { steps: 2, queries: 3, groupSize: 4, 'ppo.clipRange': 0.1 };
const { specs } = planSweep({ task: 'room', algorithm: ['ppo', 'grpo'], seeds: [7], set });
const row = { reward: 0.5, accuracy: null, entropy: 1 };
const runs = specs.map((spec) => ({
  run: { folder: '', spec, made: {}, summary: null },
  rows: [
    { ...row, step: 1 },
    { ...row, step: 2, accuracy: 1, held_out_accuracy: 0.25, kl: 0.1 },
  ],
}));

it('names an algorithm in capitals, and what is set as it is', () => {
  expect(algorithmName('ppo')).toBe('PPO');
  expect(algorithmName('grpo clipRange=0.1')).toBe('GRPO clipRange=0.1');
  const swept = { ...row, step: 1, setting: 'ppo', seed: 7 } as unknown as Parameters<
    typeof named
  >[0][number];
  expect(named([swept])).toEqual([{ ...row, step: 1, setting: 'PPO', seed: 7 }]);
});

it('counts trajectories, and has the same columns whatever a run measured', () => {
  const rows = contestRows(runs);
  expect(
    rows.map(({ algorithm, seed, step, trajectories }) => [algorithm, seed, step, trajectories]),
  ).toEqual([
    ['PPO', 7, 1, 12],
    ['PPO', 7, 2, 24],
    ['GRPO', 7, 1, 12],
    ['GRPO', 7, 2, 24],
  ]);
  expect(rows[0]).toMatchObject({
    reward: 0.5,
    accuracy: null,
    held_out_accuracy: null,
    kl: null,
    entropy: 1,
  });
  expect(rows[1]).toMatchObject({ accuracy: 1, held_out_accuracy: 0.25, kl: 0.1 });
});
