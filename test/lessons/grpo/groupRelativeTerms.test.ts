import { expect, it } from 'vitest';
import { groupAdvantages } from '../../../lib/advantages/groupAdvantages';
import { comparePresets } from '../../../lib/algorithms/comparePresets';
import { presets } from '../../../lib/algorithms/presets';
import { comparisonBatch, exampleGroup } from '../../../lib/lessons/grpo/exampleGroup';
import { groupRelativeTerms, groupScores } from '../../../lib/lessons/grpo/groupRelativeTerms';
import { expectClose } from '../../close';

const config = { clipRange: 0.2, klCoefficient: 0.04 };

it('scores the group as one does by hand', () => {
  const { rows, mean, deviation } = groupScores(exampleGroup);
  expect(mean).toBeCloseTo(0.5, 14);
  expectClose(deviation, [Math.sqrt(0.075), Math.sqrt(0.1)], 1e-14);
  expect(rows.map(({ reward_minus_mean }) => reward_minus_mean)).toEqual([0.3, -0.4, 0.2, -0.1]);
  expect(rows.map(({ squared }) => squared)).toEqual([0.09, 0.16, 0.04, 0.01]);
});

it('gives the advantages of the library', () => {
  const { rows } = groupScores(exampleGroup);
  const rewards = exampleGroup.map(({ reward }) => reward);
  const byLibrary = (ddof: 0 | 1, scaleEpsilon: number) =>
    groupAdvantages(rewards, rewards.length, { baseline: 'mean', scale: 'group', ddof, scaleEpsilon });
  expectClose(
    rows.map((row) => row.z_ddof_0),
    byLibrary(0, 0),
    1e-14,
  );
  expectClose(
    rows.map((row) => row.z_ddof_1),
    byLibrary(1, 0),
    1e-14,
  );
  expectClose(
    rows.map((row) => row.z_trl),
    byLibrary(1, 1e-4),
    1e-14,
  );
});

it('sums to the loss of the library, and clips where its gradient is none', async () => {
  const advantages = groupScores(exampleGroup).rows.map((row) => row.z_ddof_1);
  const terms = groupRelativeTerms(exampleGroup, advantages, config);
  const objective = terms.reduce((sum, term) => sum + term.weight * term.objective, 0);
  const choices = { ...presets.deepseekMath.grpo, scaleEpsilon: 0 };
  const {
    presets: [preset],
  } = await comparePresets(comparisonBatch(exampleGroup), { choices });
  expect(preset!.loss).toBeCloseTo(-objective, 6);

  const { tokens } = await comparePresets(comparisonBatch(exampleGroup), {
    free: { ...choices, klCoefficient: 0 },
  });
  expect(terms.map(({ clipped }) => clipped)).toEqual(tokens.map(({ gradient }) => gradient === 0));
  expect(
    terms.filter(({ clipped }) => clipped).map(({ response, token }) => `${response}: ${token}`),
  ).toEqual(['2+2 is 4: 4', '2+2 is 5: 5']);
});

it('weighs each response alike', () => {
  const terms = groupRelativeTerms(exampleGroup, [0, 0, 0, 0], config);
  for (const { response } of exampleGroup) {
    const weights = terms.filter((term) => term.response === response).map(({ weight }) => weight);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(0.25, 14);
  }
});
