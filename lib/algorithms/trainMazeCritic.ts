import { discountedReturns } from '../advantages/discountedReturns';
import type { Random } from '../math/random';
import type { NumberedStates } from '../models/mlp';
import type { Critic } from '../models/policy';
import type { Walk } from '../tasks/maze';
import { seePositions } from './cloneWalks';
import type { SupervisedConfig } from './supervised/supervise';
import { type CriticRow, trainCritic } from './supervised/trainCritic';

/**
 * Trains a maze's critic on walks: the target in the state before each action is the discounted return from there,
 *   G_t = r_t + γ r_{t+1} + γ² r_{t+2} + …
 * so that it comes to the value of each state under the policy that walked.
 * @param config  its discount is γ, from 0 to 1
 * @returns       one row a step; the critic is trained in place
 * @throws        where a loss or its gradient is not finite; the parameters are those before that step
 */
export function trainMazeCritic(
  critic: Critic<NumberedStates>,
  walks: readonly Walk[],
  config: SupervisedConfig & { readonly discount: number },
  random: Random,
): AsyncGenerator<CriticRow, void> {
  const targets = walks.map(({ states, rewards }) => ({
    seen: states,
    start: 0,
    targets: discountedReturns(rewards, config.discount),
  }));
  return trainCritic(critic, seePositions, targets, config, random);
}
