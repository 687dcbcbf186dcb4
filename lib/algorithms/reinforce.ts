/**
 * REINFORCE: the log-prob of each action, weighted by what came of it. Williams 1992, with a baseline:
 *   ∇J = E[Σ_t (R − b) ∇ log π(aₜ|sₜ)]
 * With the mean of a group's other rewards as baseline it is RLOO (Ahmadian et al. 2024, arXiv:2402.14740); TRL's
 * RLOO also clips a ratio, which is 1 where each rollout is used once, as here.
 */
import { groupAdvantages } from '../advantages/groupAdvantages';
import { checkInterrupt } from '../engine/interrupt';
import { type Aggregation, aggregate } from '../losses/aggregation';
import { policyGradientLoss } from '../losses/policyGradient';
import type { Random } from '../math/random';
import { actionEntropy, actionLogProbs } from '../models/categorical';
import type { Policy, States } from '../models/policy';
import {
  type Inspection,
  isDue,
  type OptimizerConfig,
  type ReinforcementConfig,
} from './reinforcementConfig';
import { completionRows } from './rollouts/completionRows';
import { accuracyAt, rollOut, rolloutLogits, type Task } from './rollouts/rollout';
import { batchOf, disposeBatch, type RolloutBatch } from './rollouts/rolloutBatch';
import {
  type RolloutStatistics,
  rolloutStatistics,
  scoreColumns,
  scoresOf,
} from './rollouts/rolloutStatistics';
import { atEachAction } from './rollouts/rows';
import { tokenRows } from './rollouts/tokenRows';
import { createDescent } from './updates/descent';
import { learningRateAt } from './updates/learningRate';
import { type Memory, newMemory, remember } from './updates/memory';

export interface ReinforceConfig extends ReinforcementConfig, OptimizerConfig {
  /** b: nothing, the mean of the group, or the mean of the group's others (RLOO). */
  readonly baseline: 'none' | 'mean' | 'leave-one-out';
  readonly aggregation: Aggregation;
  /** γ: rewards are discounted to the start of their trajectory. */
  readonly discount: number;
}

export interface ReinforceRow extends RolloutStatistics {
  readonly step: number;
  /** Greedy; null at steps without an evaluation. */
  readonly accuracy: number | null;
  readonly policy_loss: number;
  /** Mean over actions, in nats. */
  readonly entropy: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

/** One row a step. The policy is trained in place; an interrupt leaves it as the last step left it. */
export async function* reinforce<S extends States>(
  task: Task<S>,
  policy: Policy<S>,
  config: ReinforceConfig,
  random: Random,
  inspection?: Inspection,
  memory: Memory = newMemory(),
): AsyncGenerator<ReinforceRow, void> {
  const { temperature, aggregation } = config;

  const objective = ({ states, actions, mask, advantages }: RolloutBatch<S, 'advantages'>) => {
    const logits = rolloutLogits(policy, { states, actions }, temperature);
    const loss = policyGradientLoss(actionLogProbs(logits, actions), advantages, mask, aggregation);
    return { loss, entropy: aggregate(actionEntropy(logits), mask, 'token-mean') };
  };
  const descent = createDescent(policy.parameters, objective, config);

  try {
    remember(memory, 'policy', descent.state);
    for (let step = memory.step + 1; step <= config.steps; step++) {
      const rollout = await rollOut(task, policy, config, random.split(step));
      const { trajectories } = rollout;
      const scores = scoresOf(trajectories, config.discount);
      const perTrajectory = groupAdvantages(scores, config.groupSize, {
        baseline: config.baseline,
        scale: 'none',
        ddof: 1,
        scaleEpsilon: 0,
      });
      const advantages = atEachAction(perTrajectory, trajectories);
      const batch = batchOf(rollout, { advantages });
      let row: ReinforceRow;
      try {
        const learningRate = learningRateAt(step, config);
        const update = await descent.step(batch, { step, learningRate });
        if (inspection && isDue(step, inspection.every, config.steps)) {
          const terms = { advantages, kl: null, values: null };
          inspection.completions?.push(...completionRows(step, trajectories, advantages));
          inspection.tokens?.push(...(await tokenRows(step, rollout, policy, temperature, terms)));
        }
        row = {
          step,
          ...rolloutStatistics(trajectories, config.groupSize),
          ...scoreColumns(trajectories),
          accuracy: await accuracyAt(step, task, policy, config),
          policy_loss: update.loss,
          entropy: update.entropy,
          grad_norm: update.grad_norm,
          learning_rate: learningRate,
        };
      } finally {
        disposeBatch(batch);
      }
      memory.step = step;
      yield row;
      await checkInterrupt();
    }
  } finally {
    descent.dispose();
  }
}
