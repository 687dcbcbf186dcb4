import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discountedReturns } from '../../lib/advantages/discountedReturns';
import { generalizedAdvantages } from '../../lib/advantages/generalizedAdvantages';
import { klPenalizedRewards } from '../../lib/advantages/klPenalizedRewards';
import { whiten } from '../../lib/advantages/whitening';
import { expectClose } from '../close';
import golden from '../golden/generalizedAdvantages.json';

/** Stable-baselines3 computes these in float32, which carries 7 digits; six steps of size 1 keep 6. */
const tolerance = 1e-6;
const config = { discount: 0.9, lambda: 0.95 };

describe("stable-baselines3's numbers", () => {
  it('where the last step ends the episode', () => {
    const { inputs, outputs } = golden.gae_terminal;
    inputs.rewards.forEach((rewards, b) => {
      const advantages = generalizedAdvantages(rewards, inputs.values[b]!, config);
      expectClose(advantages, outputs.advantages[b], tolerance);
      expectClose(
        advantages.map((advantage, t) => advantage + inputs.values[b]![t]!),
        outputs.returns[b],
        tolerance,
      );
    });
  });

  it('where the episode goes on, with the value of what comes next', () => {
    const { inputs, outputs } = golden.gae_bootstrap;
    inputs.rewards.forEach((rewards, b) => {
      const advantages = generalizedAdvantages(rewards, inputs.values[b]!, config, inputs.last_values[b]);
      expectClose(advantages, outputs.advantages[b], tolerance);
    });
  });

  it('where episodes begin within a row: each is a trajectory of its own', () => {
    const { inputs, outputs } = golden.gae_episode_boundaries;
    inputs.rewards.forEach((rewards, b) => {
      const begins = inputs.episode_starts[b]!.flatMap((start, t) => (start && t > 0 ? [t] : []));
      const edges = [0, ...begins, rewards.length];
      const advantages = edges.slice(1).flatMap((end, i) => {
        const part = (row: readonly number[]) => row.slice(edges[i], end);
        const after = end === rewards.length ? inputs.last_values[b] : 0;
        return generalizedAdvantages(part(rewards), part(inputs.values[b]!), config, after);
      });
      expectClose(advantages, outputs.advantages[b], tolerance);
    });
  });
});

it("has verl's numbers for responses of different lengths, whitened over all tokens", () => {
  const { inputs, outputs } = golden.gae_masked_whitened;
  const on = (row: readonly number[], b: number) => row.filter((_, t) => inputs.mask[b]![t] === 1);
  const raw = inputs.rewards.map((rewards, b) =>
    generalizedAdvantages(on(rewards, b), on(inputs.values[b]!, b), config),
  );
  expectClose(raw, outputs.advantages_raw.map(on), tolerance);
  const whitened = whiten(raw, { ddof: 1, epsilon: 1e-8, form: 'variance' });
  expectClose(whitened, outputs.advantages_whitened.map(on), tolerance);
});

describe('identities', () => {
  const number = fc.integer({ min: -50, max: 50 }).map((value) => value / 10);
  const rows = fc
    .array(fc.tuple(number, number), { minLength: 1, maxLength: 8 })
    .map((pairs) => [pairs.map(([reward]) => reward), pairs.map(([, value]) => value)] as const);
  const discounts = fc.constantFrom(0, 0.5, 0.9, 1);

  it('λ = 1 gives the return minus the value', () => {
    fc.assert(
      fc.property(rows, discounts, ([rewards, values], discount) => {
        const returns = discountedReturns(rewards, discount);
        expectClose(
          generalizedAdvantages(rewards, values, { discount, lambda: 1 }),
          returns.map((value, t) => value - values[t]!),
          1e-9,
        );
      }),
    );
  });

  it('λ = 0 gives the one-step residual', () => {
    fc.assert(
      fc.property(rows, discounts, ([rewards, values], discount) => {
        expectClose(
          generalizedAdvantages(rewards, values, { discount, lambda: 0 }),
          rewards.map((reward, t) => reward + discount * (values[t + 1] ?? 0) - values[t]!),
          1e-9,
        );
      }),
    );
  });

  it('is 0 where the values foresee every reward', () => {
    fc.assert(
      fc.property(rows, discounts, discounts, ([rewards], discount, lambda) => {
        const values = discountedReturns(rewards, discount);
        expectClose(
          generalizedAdvantages(rewards, values, { discount, lambda }),
          rewards.map(() => 0),
          1e-9,
        );
      }),
    );
  });
});

it('refuses a discount or a λ beyond 0 … 1, and values of another length', () => {
  expect(() => generalizedAdvantages([1], [1], { discount: 1.1, lambda: 1 })).toThrow('discount is 1.1');
  expect(() => generalizedAdvantages([1], [1], { discount: 1, lambda: -1 })).toThrow('lambda is -1');
  expect(() => generalizedAdvantages([1], [1, 2], config)).toThrow('2 values for 1 rewards');
});

it('klPenalizedRewards takes β log π/π_ref from each reward', () => {
  expectClose(klPenalizedRewards([0, 0, 1], [0.5, -1, 2], 0.1), [-0.05, 0.1, 0.8], 1e-12);
  expect(klPenalizedRewards([0, 1], [3, 4], 0)).toEqual([0, 1]);
});
