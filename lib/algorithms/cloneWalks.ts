import type { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import type { NumberedStates } from '../models/mlp';
import type { Policy } from '../models/policy';
import type { Walk } from '../tasks/maze';
import { type ImitationRow, imitate } from './supervised/imitate';
import type { StepTargets } from './supervised/stepTargets';
import type { HeldOut, SupervisedConfig } from './supervised/supervise';

export const seePositions = (positions: tf.Tensor2D): NumberedStates => ({ positions });

/**
 * Behaviour cloning in a maze, what fine-tuning is to a language model: learns to take the actions of given walks.
 *   L(θ) = −1/N Σ_t log π_θ(a_t|s_t),  over the N actions of a minibatch's walks
 * @param walks   such as those of the best actions (`mazeOptimum`), or of another policy
 * @param heldOut walks that are not trained on, and how often their loss is measured
 * @returns       one row a step; the policy is trained in place
 * @throws        where a loss or its gradient is not finite
 */
export function cloneWalks(
  policy: Policy<NumberedStates>,
  walks: readonly Walk[],
  config: SupervisedConfig,
  random: Random,
  heldOut: HeldOut<Walk> | null = null,
): AsyncGenerator<ImitationRow, void> {
  const targets = ({ states, actions }: Walk): StepTargets => ({ seen: states, start: 0, targets: actions });
  const others = heldOut && { ...heldOut, examples: heldOut.examples.map(targets) };
  return imitate(policy, seePositions, walks.map(targets), config, random, others);
}
