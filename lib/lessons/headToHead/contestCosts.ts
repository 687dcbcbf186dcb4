import { type AlgorithmName, algorithmNames, type Contest, trainingLoop } from '../../experiments/headToHead';
import { seededRandom } from '../../math/random';
import { disposeParameters } from '../../models/parameters';
import type { States } from '../../models/policy';
import { stepCost } from '../stepCost';

export interface ContestCost {
  readonly algorithm: AlgorithmName;
  readonly policy_parameters: number;
  /** 0 where there is no critic. */
  readonly critic_parameters: number;
  /** Adam's two for each parameter that it trains; TRPO's policy has no optimizer. */
  readonly optimizer_moments: number;
  /** Operations that TensorFlow ran in one step. */
  readonly kernels: number;
  /** The most that the step's tensors took at once, in bytes. */
  readonly peak_bytes: number;
}

/** What each algorithm of a contest holds, and what its first step takes: counted, so that two runs agree. */
export async function contestCosts<S extends States>(
  { task, models: makeModels, settings }: Contest<S>,
  seed: number,
): Promise<ContestCost[]> {
  const costs: ContestCost[] = [];
  for (const algorithm of algorithmNames) {
    const random = seededRandom(seed);
    const models = makeModels(random);
    const { policy, critic } = models;
    const size = policy.parameters.vector.size;
    const critic_parameters = algorithm === 'GRPO' ? 0 : critic.parameters.vector.size;
    const byAdam = critic_parameters + (algorithm === 'TRPO' ? 0 : size);
    const cost = await stepCost(trainingLoop(algorithm, task, models, settings, random));
    for (const { parameters } of [policy, critic]) disposeParameters(parameters);
    costs.push({
      algorithm,
      policy_parameters: size,
      critic_parameters,
      optimizer_moments: 2 * byAdam,
      ...cost,
    });
  }
  return costs;
}
