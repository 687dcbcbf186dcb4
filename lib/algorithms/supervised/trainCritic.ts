/** Learning what returns to expect, by squared error: of prefixes of responses, or of states in a maze. */
import { valueRegressionLoss } from '../../losses/valueRegression';
import type { Random } from '../../math/random';
import { explainedVariance } from '../../math/statistics';
import type { Critic, States } from '../../models/policy';
import { longestSeen, type See, type StepTargets, type TargetBatch, targetBatch } from './stepTargets';
import { type SupervisedConfig, supervise } from './supervise';

export interface CriticRow {
  readonly step: number;
  readonly epoch: number;
  /** Mean squared error over the minibatch's targets before the update, in the squared unit of the reward. */
  readonly loss: number;
  /** Of the minibatch's returns, before the update: 1 is perfect, 0 no better than their mean. */
  readonly explained_variance: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

/**
 * Regression of values on returns, which leads to their mean where the same is seen: V(s) → E[G|s].
 *   L = 1/N Σ_n (V(s_n) − G_n)²,  over the N targets of a minibatch
 * @param examples their targets are returns, in the unit of the reward
 * @returns        one row a step; the critic is trained in place
 * @throws         where a loss or its gradient is not finite; the parameters are those before that step
 */
export async function* trainCritic<S extends States>(
  critic: Critic<S>,
  see: See<S>,
  examples: readonly StepTargets[],
  config: SupervisedConfig,
  random: Random,
): AsyncGenerator<CriticRow, void> {
  const length = longestSeen(examples);
  const lesson = {
    parameters: critic.parameters,
    examples,
    toBatch: (chosen: readonly StepTargets[]) => targetBatch(chosen, length),
    objective: ({ seen, targets, mask }: TargetBatch) => {
      const values = critic.values(see(seen), length);
      return { loss: valueRegressionLoss(values, targets, mask), values };
    },
  };
  for await (const { step, epoch, examples: chosen, measured, learningRate } of supervise(
    lesson,
    config,
    random,
  )) {
    const predicted = chosen.flatMap(({ start, targets }, b) => {
      const first = b * length + start;
      return measured.values.slice(first, first + targets.length);
    });
    yield {
      step,
      epoch,
      loss: measured.loss,
      explained_variance: explainedVariance(
        chosen.flatMap(({ targets }) => targets),
        predicted,
      ),
      grad_norm: measured.grad_norm,
      learning_rate: learningRate,
    };
  }
}
