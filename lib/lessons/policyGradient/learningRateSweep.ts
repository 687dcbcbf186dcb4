import { type ReinforceConfig, type ReinforceRow, reinforce } from '../../algorithms/reinforce';
import type { Task } from '../../algorithms/rollouts/rollout';
import { overSeeds } from '../../experiments/overSeeds';
import type { Random } from '../../math/random';
import { seededRandom } from '../../math/random';
import { disposeParameters } from '../../models/parameters';
import type { Policy, States } from '../../models/policy';

export type SweepRow = { readonly seed: number } & ReinforceRow;

/**
 * REINFORCE at several learning rates from the same start, all of them for each seed. Rates are constant, so that the
 * column `learning_rate` tells the runs of a seed apart.
 * @param policyOf a policy to train, of its own for each run
 */
export function learningRateSweep<S extends States>(
  task: Task<S>,
  policyOf: (random: Random) => Policy<S>,
  config: Omit<ReinforceConfig, 'learningRate' | 'schedule' | 'warmupSteps'>,
  learningRates: readonly number[],
  seeds: readonly number[],
): AsyncGenerator<SweepRow, void> {
  return overSeeds(seeds, async function* (seed) {
    for (const learningRate of learningRates) {
      const random = seededRandom(seed);
      const policy = policyOf(random);
      const constant = { ...config, learningRate, schedule: 'constant', warmupSteps: 0 } as const;
      try {
        yield* reinforce(task, policy, constant, random.split('train'));
      } finally {
        disposeParameters(policy.parameters);
      }
    }
  });
}
