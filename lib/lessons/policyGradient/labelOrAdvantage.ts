/**
 * The analogy between supervised learning and the policy gradient, made exact: the label becomes the action that was
 * taken, and each term is weighted by how good that action was.
 *   ∂/∂z [−Σ y log π] = π − y        ∂/∂z [−A log π(a)] = A (π − e_a),   π = softmax(z)
 * With A = 1 and a the label they are the same numbers. A below 0 pushes away, which no label does.
 */
import { type Rollout, rolloutLogits } from '../../algorithms/rollouts/rollout';
import { scoresOf } from '../../algorithms/rollouts/rolloutStatistics';
import { atEachAction, padRows } from '../../algorithms/rollouts/rows';
import { tf } from '../../engine/tensorflow';
import { InputError, refuse } from '../../errors/inputError';
import { crossEntropyLoss } from '../../losses/crossEntropy';
import { policyGradientLoss } from '../../losses/policyGradient';
import { softmax } from '../../math/softmax';
import { mean } from '../../math/statistics';
import { actionLogProbs } from '../../models/categorical';
import type { Policy, States } from '../../models/policy';

export interface LogitRow {
  readonly action: string;
  readonly logit: number;
  readonly probability: number;
  /** 1 for the label, which is also the action taken. */
  readonly label: 0 | 1;
  /** π − y, in float64. */
  readonly label_by_hand: number;
  /** The gradient of crossEntropyLoss, in float32. */
  readonly label_by_library: number;
  /** A (π − e_a), in float64. */
  readonly advantage_by_hand: number;
  /** The gradient of policyGradientLoss, in float32. */
  readonly advantage_by_library: number;
}

/**
 * One state: both gradients by each logit.
 * @param taken the place of the label, and of the action
 */
export function logitRows(
  actions: readonly string[],
  logits: readonly number[],
  taken: number,
  advantage: number,
): LogitRow[] {
  if (actions[taken] === undefined) refuse('taken', taken, `a place from 0 to ${actions.length - 1}`);
  const probabilities = softmax(logits);
  const gradients = tf.tidy(() => {
    const z = tf.tensor3d([[[...logits]]]);
    const action = tf.tensor2d([[taken]], undefined, 'int32');
    const one = tf.ones<tf.Rank.R2>([1, 1]);
    const label = tf.grad((x) => crossEntropyLoss(x as tf.Tensor3D, action, one))(z);
    const advantages = one.mul<tf.Tensor2D>(advantage);
    const weighted = (x: tf.Tensor) =>
      policyGradientLoss(actionLogProbs(x as tf.Tensor3D, action), advantages, one);
    return tf.stack([label, tf.grad(weighted)(z)]);
  });
  const values = gradients.dataSync();
  gradients.dispose();
  const [ofLabel, ofAdvantage] = [values.slice(0, actions.length), values.slice(actions.length)];
  return actions.map((action, i) => {
    const y = i === taken ? 1 : 0;
    const difference = probabilities[i]! - y;
    return {
      action,
      logit: logits[i]!,
      probability: probabilities[i]!,
      label: y,
      label_by_hand: difference,
      label_by_library: ofLabel![i]!,
      advantage_by_hand: advantage * difference,
      advantage_by_library: ofAdvantage![i]!,
    };
  });
}

export interface StepRow {
  readonly action: string;
  readonly when: 'before' | 'after';
  readonly probability: number;
}

/** The probabilities before and after one step of plain gradient descent on −A log π(a) by the logits. */
export function stepRows(
  actions: readonly string[],
  logits: readonly number[],
  taken: number,
  advantage: number,
  learningRate: number,
): StepRow[] {
  const before = softmax(logits);
  const after = softmax(
    logits.map((logit, i) => logit - learningRate * advantage * (before[i]! - (i === taken ? 1 : 0))),
  );
  return actions.flatMap((action, i): StepRow[] => [
    { action, when: 'before', probability: before[i]! },
    { action, when: 'after', probability: after[i]! },
  ]);
}

/** −A log π over π, for both signs of A, and its derivative by the action's own logit, −A (1 − π). */
export function lossRows(): { advantage: string; probability: number; loss: number; pull: number }[] {
  const probabilities = Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100);
  return [1, -1].flatMap((advantage) =>
    probabilities.map((probability) => ({
      advantage: advantage > 0 ? 'A = +1' : 'A = −1',
      probability,
      loss: -advantage * Math.log(probability),
      pull: -advantage * (1 - probability),
    })),
  );
}

export interface GradientComparison {
  /** What weights the policy gradient's terms. */
  readonly advantages: string;
  /** Whose cross-entropy it is compared with. */
  readonly supervised: string;
  /** Euclidean norms over all parameters. */
  readonly policy_gradient_norm: number;
  readonly cross_entropy_norm: number;
  /** Of the two gradients; 1 is the same direction. */
  readonly cosine: number;
  /** ‖policy gradient − cross-entropy's‖ / ‖cross-entropy's‖. */
  readonly relative_difference: number;
}

/**
 * The gradients by all parameters of a policy, on one rollout whose rewards are 0 or 1: the policy gradient with several
 * kinds of advantages beside supervised learning on the responses that were right, or wrong.
 * @throws InputError where all responses are right, or none: there is nothing to compare
 */
export function compareWithLabels<S extends States>(
  policy: Policy<S>,
  rollout: Rollout<S>,
): GradientComparison[] {
  const { trajectories, actions, mask } = rollout;
  const rewards = scoresOf(trajectories);
  const right = rewards.map((reward) => (reward > 0 ? 1 : 0));
  if (new Set(right).size === 1) {
    throw new InputError('all responses of the rollout are alike, right or wrong; expected some of each.');
  }
  const average = mean(rewards);
  const rows = (perTrajectory: readonly number[]) =>
    padRows(atEachAction(perTrajectory, trajectories), actions.shape[1]);
  const logits = () => rolloutLogits(policy, rollout, 1);
  const gradient = (loss: () => tf.Scalar) =>
    tf.tidy(() => {
      const { vector } = policy.parameters;
      return Array.from(tf.variableGrads(loss, [vector]).grads[vector.name]!.dataSync());
    });
  const labels = (counted: readonly number[]) =>
    gradient(() => crossEntropyLoss(logits(), actions, rows(counted)));
  const weighted = (advantages: readonly number[], counted?: readonly number[]) =>
    gradient(() =>
      policyGradientLoss(actionLogProbs(logits(), actions), rows(advantages), counted ? rows(counted) : mask),
    );

  const ones = rewards.map(() => 1);
  const wrong = right.map((one) => 1 - one);
  const [ofRight, ofWrong] = [labels(right), labels(wrong)];
  const compared = (
    advantages: string,
    policyGradient: readonly number[],
    supervised: string,
    crossEntropy: readonly number[],
  ): GradientComparison => {
    const [norm, other] = [policyGradient, crossEntropy].map((v) => Math.hypot(...v));
    const dot = policyGradient.reduce((sum, value, i) => sum + value * crossEntropy[i]!, 0);
    const apart = Math.hypot(...policyGradient.map((value, i) => value - crossEntropy[i]!));
    return {
      advantages,
      supervised,
      policy_gradient_norm: norm!,
      cross_entropy_norm: other!,
      cosine: dot / (norm! * other!),
      relative_difference: apart / other!,
    };
  };
  return [
    compared('1, right responses alone', weighted(ones, right), 'labels: right responses', ofRight),
    compared('reward 0 or 1, all responses', weighted(rewards), 'labels: right responses', ofRight),
    compared(
      '−1, wrong responses alone',
      weighted(
        ones.map(() => -1),
        wrong,
      ),
      'labels: wrong responses',
      ofWrong,
    ),
    compared(
      'reward − mean, all responses',
      weighted(rewards.map((r) => r - average)),
      'labels: right responses',
      ofRight,
    ),
  ];
}
