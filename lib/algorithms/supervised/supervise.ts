/** The loop of every supervised trainer: minibatches of examples, and a step down the gradient on each. */
import { checkInterrupt } from '../../engine/interrupt';
import { minibatches } from '../../math/minibatches';
import type { Random } from '../../math/random';
import type { Parameters } from '../../models/parameters';
import type { OptimizerConfig } from '../reinforcementConfig';
import { disposeBatch } from '../rollouts/rolloutBatch';
import type { Rows } from '../rollouts/rows';
import { createDescent, type Measured, type Numbers, type Objective } from '../updates/descent';
import { learningRateAt } from '../updates/learningRate';

export interface SupervisedConfig extends OptimizerConfig {
  readonly steps: number;
  /** Examples in a minibatch. */
  readonly batchSize: number;
}

/** Examples that stand beside training, and how often they are measured. */
export interface HeldOut<Example> {
  readonly examples: readonly Example[];
  /** Each so many steps, and after the last. */
  readonly every: number;
}

/** What is learnt from what. */
export interface Lesson<Example, Batch extends Rows, M extends Measured> {
  readonly parameters: Parameters;
  readonly examples: readonly Example[];
  /** The tensors of some examples, in the same shape each time. */
  readonly toBatch: (examples: readonly Example[]) => Batch;
  readonly objective: Objective<Batch, M>;
}

/** One step, as it was before its update. */
export interface SupervisedStep<Example, M extends Measured> {
  readonly step: number;
  readonly epoch: number;
  /** Those of the minibatch. */
  readonly examples: readonly Example[];
  readonly measured: Numbers<M>;
  readonly learningRate: number;
}

/**
 * The parameters are trained in place; an interrupt leaves them as the last step left them.
 * @throws where a loss or its gradient is not finite; the parameters are those before that step
 */
export async function* supervise<Example, Batch extends Rows, M extends Measured>(
  { parameters, examples, toBatch, objective }: Lesson<Example, Batch, M>,
  config: SupervisedConfig,
  random: Random,
): AsyncGenerator<SupervisedStep<Example, M>, void> {
  const descent = createDescent(parameters, objective, config);
  const batches = minibatches(examples.length, config.batchSize, random);
  try {
    for (let step = 1; step <= config.steps; step++) {
      const { epoch, indices } = batches.next().value;
      const chosen = indices.map((i) => examples[i]!);
      const learningRate = learningRateAt(step, config);
      const batch = toBatch(chosen);
      let measured: Numbers<M>;
      try {
        measured = await descent.step(batch, { step, learningRate });
      } finally {
        disposeBatch(batch);
      }
      yield { step, epoch, examples: chosen, measured, learningRate };
      await checkInterrupt();
    }
  } finally {
    descent.dispose();
  }
}
