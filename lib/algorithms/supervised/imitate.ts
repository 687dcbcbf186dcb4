/** Imitation: learning to take the actions of demonstrations, whether they write tokens or walk a maze. */
import { compileEvaluation } from '../../engine/compile';
import { checkInterrupt } from '../../engine/interrupt';
import { tf } from '../../engine/tensorflow';
import { aggregate } from '../../losses/aggregation';
import { crossEntropyLoss } from '../../losses/crossEntropy';
import type { Random } from '../../math/random';
import type { Policy, States } from '../../models/policy';
import { isDue } from '../reinforcementConfig';
import { disposeBatch } from '../rollouts/rolloutBatch';
import { longestSeen, type See, type StepTargets, type TargetBatch, targetBatch } from './stepTargets';
import { type HeldOut, type SupervisedConfig, supervise } from './supervise';

export interface ImitationRow {
  readonly step: number;
  readonly epoch: number;
  /** Mean cross-entropy of the minibatch's actions before the update, in nats; its exponential is the perplexity. */
  readonly loss: number;
  /** Share of the minibatch's actions that are the policy's likeliest, before the update. */
  readonly accuracy: number;
  /** Loss on the held-out examples after the update; null at steps without an evaluation. */
  readonly held_out_loss: number | null;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

/**
 * Maximum likelihood of given actions, known as behaviour cloning: Pomerleau 1989 (ALVINN).
 *   L(θ) = −1/N Σ_n log π_θ(a_n|s_n),  over the N actions of a minibatch
 * It cannot fall below the entropy of the demonstrators' actions, given what the policy sees.
 * @param examples their targets are actions
 * @returns        one row a step; the policy is trained in place
 * @throws         where a loss or its gradient is not finite; the parameters are those before that step
 */
export async function* imitate<S extends States>(
  policy: Policy<S>,
  see: See<S>,
  examples: readonly StepTargets[],
  config: SupervisedConfig,
  random: Random,
  heldOut: HeldOut<StepTargets> | null = null,
): AsyncGenerator<ImitationRow, void> {
  const length = longestSeen(examples);
  const lesson = {
    parameters: policy.parameters,
    examples,
    toBatch: (chosen: readonly StepTargets[]) => targetBatch(chosen, length),
    objective: (batch: TargetBatch) => imitationTerms(policy, see, batch),
  };
  const heldOutTerms = compileTerms(policy, see);
  for await (const { step, epoch, measured, learningRate } of supervise(lesson, config, random)) {
    const evaluates = heldOut && isDue(step, heldOut.every, config.steps);
    yield {
      step,
      epoch,
      loss: measured.loss,
      accuracy: measured.accuracy,
      held_out_loss: evaluates ? await meanLoss(heldOutTerms, heldOut.examples, config.batchSize) : null,
      grad_norm: measured.grad_norm,
      learning_rate: learningRate,
    };
  }
}

/**
 * The mean cross-entropy of all actions of some examples, in nats.
 * @param batchSize examples looked at together
 */
export function imitationLoss<S extends States>(
  policy: Policy<S>,
  see: See<S>,
  examples: readonly StepTargets[],
  batchSize: number,
): Promise<number> {
  return meanLoss(compileTerms(policy, see), examples, batchSize);
}

async function meanLoss(
  evaluate: ReturnType<typeof compileTerms>,
  examples: readonly StepTargets[],
  batchSize: number,
): Promise<number> {
  const length = longestSeen(examples);
  let sum = 0;
  let actions = 0;
  for (let start = 0; start < examples.length; start += batchSize) {
    const chunk = examples.slice(start, start + batchSize);
    const batch = targetBatch(chunk, length);
    const { loss, accuracy } = evaluate(batch);
    accuracy.dispose();
    disposeBatch(batch);
    const own = chunk.reduce((count, { targets }) => count + targets.length, 0);
    sum += own * (await loss.data())[0]!;
    actions += own;
    loss.dispose();
    await checkInterrupt();
  }
  return sum / actions;
}

function compileTerms<S extends States>(policy: Policy<S>, see: See<S>) {
  return compileEvaluation((batch: TargetBatch) => imitationTerms(policy, see, batch));
}

function imitationTerms<S extends States>(
  policy: Policy<S>,
  see: See<S>,
  { seen, targets, mask }: TargetBatch,
): { readonly loss: tf.Scalar; readonly accuracy: tf.Scalar } {
  return tf.tidy(() => {
    const actions = targets.toInt();
    const logits = policy.logits(see(seen), seen.shape[1]);
    const right = logits.argMax<tf.Tensor2D>(-1).equal<tf.Tensor2D>(actions).toFloat();
    return {
      loss: crossEntropyLoss(logits, actions, mask),
      accuracy: aggregate(right, mask, 'token-mean'),
    };
  });
}
