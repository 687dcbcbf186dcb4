import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discountedReturns } from '../../lib/advantages/discountedReturns';
import { generalizedAdvantages } from '../../lib/advantages/generalizedAdvantages';
import { whiten } from '../../lib/advantages/whitening';
import { expectClose } from '../close';
import golden from '../golden/generalizedAdvantages.json';

/** Float64 on both sides, stable-baselines3's arrays too: six steps of size 1. */
const tolerance = 1e-13;
const config = { discount: 0.9, lambda: 0.95 };
/** The returns: advantage plus value. */
const plus = (advantages: readonly number[], values: readonly number[]) =>
  advantages.map((advantage, t) => advantage + values[t]!);

describe("stable-baselines3's numbers", () => {
  it('where the last step ends the episode', () => {
    const { inputs, outputs } = golden.gae_terminal;
    inputs.rewards.forEach((rewards, b) => {
      const advantages = generalizedAdvantages(rewards, inputs.values[b]!, config);
      expectClose(advantages, outputs.advantages[b], tolerance);
      expectClose(plus(advantages, inputs.values[b]!), outputs.returns[b], tolerance);
    });
  });

  it('where the episode goes on, with the value of what comes next', () => {
    const { inputs, outputs } = golden.gae_bootstrap;
    inputs.rewards.forEach((rewards, b) => {
      const advantages = generalizedAdvantages(rewards, inputs.values[b]!, config, inputs.last_values[b]);
      expectClose(advantages, outputs.advantages[b], tolerance);
      expectClose(plus(advantages, inputs.values[b]!), outputs.returns[b], tolerance);
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
      expectClose(plus(advantages, inputs.values[b]!), outputs.returns[b], tolerance);
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
  const returns = raw.map((row, b) => plus(row, on(inputs.values[b]!, b)));
  expectClose(returns, outputs.returns.map(on), tolerance);
  const whitened = whiten(raw, { ddof: 1, epsilon: 1e-8, form: 'variance' });
  // verl's mean divides by the count + 1e-8
  expectClose(whitened, outputs.advantages_whitened.map(on), 1e-8);
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
          1e-12,
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
          1e-12,
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
          1e-12,
        );
      }),
    );
  });
});

describe('a trajectory that goes on', () => {
  const number = fc.integer({ min: -50, max: 50 }).map((value) => value / 10);
  const pairs = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 8 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('has the sum of (γλ)^l δ_{t+l}, with the value of what comes next in the last δ', () => {
    fc.assert(
      fc.property(pairs, number, share, share, (steps, lastValue, discount, lambda) => {
        const rewards = steps.map(([reward]) => reward);
        const values = [...steps.map(([, value]) => value), lastValue];
        const residuals = rewards.map((reward, t) => reward + discount * values[t + 1]! - values[t]!);
        const expected = residuals.map((_, t) =>
          residuals.slice(t).reduce((sum, residual, l) => sum + (discount * lambda) ** l * residual, 0),
        );
        const told = generalizedAdvantages(rewards, values.slice(0, -1), { discount, lambda }, lastValue);
        // float64 sums of 8 residuals of size 15
        expectClose(told, expected, 1e-12);
      }),
    );
  });

  it('has at λ = 1 the return that ends with that value, minus its own', () => {
    fc.assert(
      fc.property(pairs, number, share, (steps, lastValue, discount) => {
        const [rewards, values] = [steps.map(([reward]) => reward), steps.map(([, value]) => value)];
        const returns = discountedReturns([...rewards, lastValue], discount);
        expectClose(
          generalizedAdvantages(rewards, values, { discount, lambda: 1 }, lastValue),
          values.map((value, t) => returns[t]! - value),
          1e-12,
        );
      }),
    );
  });
});

it('has nothing to say of no steps', () => expect(generalizedAdvantages([], [], config)).toEqual([]));

it('refuses a discount or a λ beyond 0 … 1, and values of another length', () => {
  expect(() => generalizedAdvantages([1], [1], { discount: 1.1, lambda: 1 })).toThrow('discount is 1.1');
  expect(() => generalizedAdvantages([1], [1], { discount: 1, lambda: -1 })).toThrow('lambda is -1');
  expect(() => generalizedAdvantages([1], [1, 2], config)).toThrow('2 values for 1 rewards');
});
