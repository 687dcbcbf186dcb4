/** One step of GRPO, PPO, TRPO and supervised learning on random prompts and rewards: what peers/steps.py does too. */
import { groupAdvantages } from '../../lib/advantages/groupAdvantages';
import { klPenalizedRewards } from '../../lib/advantages/klPenalizedRewards';
import { whiten } from '../../lib/advantages/whitening';
import type { Rollout, Trajectory } from '../../lib/algorithms/rollouts/rollout';
import { rolloutLogits, rolloutLogProbs } from '../../lib/algorithms/rollouts/rollout';
import { batchOf, disposeBatch, type RolloutBatch } from '../../lib/algorithms/rollouts/rolloutBatch';
import { seeTokens } from '../../lib/algorithms/supervised/nextTokenTraining';
import type { TargetBatch } from '../../lib/algorithms/supervised/stepTargets';
import { criticAdvantages } from '../../lib/algorithms/updates/criticAdvantages';
import { createDescent } from '../../lib/algorithms/updates/descent';
import { logRatioRows } from '../../lib/algorithms/updates/reference';
import { createTrustRegion } from '../../lib/algorithms/updates/trustRegionStep';
import { tf } from '../../lib/engine/tensorflow';
import { clippedSurrogateLoss } from '../../lib/losses/clippedSurrogate';
import { crossEntropyLoss } from '../../lib/losses/crossEntropy';
import { groupRelativeLoss } from '../../lib/losses/groupRelative';
import { clippedValueLoss } from '../../lib/losses/valueRegression';
import { seededRandom } from '../../lib/math/random';
import { actionLogProbs } from '../../lib/models/categorical';
import { copyGptPolicy, createGptPolicy, type TokenStates } from '../../lib/models/gptPolicy';
import { sampleResponses } from '../../lib/models/sampling';
import { createValueModel } from '../../lib/models/valueModel';

export interface StepShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly prompts: number;
  /** Responses to each prompt. */
  readonly groupSize: number;
  /** In tokens, as the next. */
  readonly promptLength: number;
  readonly responseLength: number;
}

const batch = { prompts: 8, groupSize: 8, promptLength: 8, responseLength: 16 };

export const shapes = {
  XS: { layers: 2, width: 64, heads: 4, ...batch },
  S: { layers: 4, width: 128, heads: 4, ...batch },
  M: { layers: 6, width: 384, heads: 6, ...batch },
} as const satisfies Readonly<Record<string, StepShape>>;

export const vocabularySize = 32;

const clipping = { clipLow: 0.2, clipHigh: 0.2 };
const zScores = { baseline: 'mean', scale: 'group', ddof: 1, scaleEpsilon: 1e-4 } as const;
const whitening = { ddof: 1, epsilon: 1e-8, form: 'variance' } as const;
const gae = { discount: 1, lambda: 0.95 };
const klInReward = 0.05;
const at = { step: 1, learningRate: 1e-4 };

export type GrpoBatch = RolloutBatch<TokenStates, 'advantages' | 'refLogProbs'>;
export type PpoBatch = RolloutBatch<TokenStates, 'advantages' | 'oldValues' | 'returns'>;

/** Milliseconds of the phases of a step. */
export type StepTimes = { readonly total: number } & Readonly<Record<string, number>>;

/** Policy, reference and critic of one shape, and a step of each algorithm on them. */
export function createSteps(shape: StepShape) {
  const { layers, width, heads, prompts, groupSize, promptLength, responseLength } = shape;
  const rows = prompts * groupSize;
  const length = promptLength + responseLength;
  // the smallest context that holds the text, but never less than the peers have
  const model = { layers, width, heads, vocabularySize, contextLength: Math.max(32, length) };
  const random = seededRandom(1);
  const policy = createGptPolicy(model, random.split('policy'));
  const reference = copyGptPolicy(policy);
  const critic = createValueModel(model, random.split('critic'));
  const draws = random.split('steps');
  const unclipped = { maxGradNorm: Number.POSITIVE_INFINITY };
  const logProbsOf = (given: { states: TokenStates; actions: tf.Tensor2D }) =>
    actionLogProbs(rolloutLogits(policy, given, 1), given.actions);

  const grpoDescent = createDescent(
    policy.parameters,
    (given: GrpoBatch) => {
      const { oldLogProbs, refLogProbs, advantages, mask } = given;
      const options = { ...clipping, klCoefficient: 0.04 };
      const logProbs = logProbsOf(given);
      return { loss: groupRelativeLoss(logProbs, oldLogProbs, refLogProbs, advantages, mask, options) };
    },
    unclipped,
  );
  const ppoDescent = createDescent(
    policy.parameters,
    (given: PpoBatch) => {
      const { oldLogProbs, advantages, mask } = given;
      return { loss: clippedSurrogateLoss(logProbsOf(given), oldLogProbs, advantages, mask, clipping) };
    },
    unclipped,
  );
  const valueDescent = createDescent(
    critic.parameters,
    ({ states, mask, oldValues, returns }: PpoBatch) => {
      const values = critic.values(states, mask.shape[1]);
      return { loss: clippedValueLoss(values, oldValues, returns, mask, { clipRange: 0.2, form: 'max' }) };
    },
    unclipped,
  );
  const supervisedDescent = createDescent(
    policy.parameters,
    ({ seen, targets, mask }: TargetBatch) => {
      const logits = policy.logits(seeTokens(seen), seen.shape[1]);
      return { loss: crossEntropyLoss(logits, targets.toInt(), mask) };
    },
    unclipped,
  );
  const trustRegion = createTrustRegion(policy, 1, {
    maxKl: 0.01,
    damping: 0.1,
    conjugateGradientSteps: 10,
    lineSearchSteps: 10,
    backtrackFactor: 0.8,
  });

  function tokens(count: number): Int32Array {
    return Int32Array.from({ length: count }, () => draws.integer(vocabularySize));
  }

  /** No token ends a response; its reward, at its last token, is drawn by chance. */
  function rollOut(): Rollout<TokenStates> {
    const tensors = tf.tidy(() => {
      const asked = {
        ids: tf.tensor2d(tokens(prompts * promptLength), [prompts, promptLength], 'int32'),
        starts: tf.zeros<tf.Rank.R1>([prompts], 'int32'),
      };
      const uniforms = Float32Array.from({ length: rows * responseLength }, () => draws.uniform());
      const noise = tf.tensor2d(uniforms, [rows, responseLength]);
      const options = { maxTokens: responseLength, temperature: 1, stopToken: -1 };
      const { tokens: actions, mask, logProbs } = sampleResponses(policy, asked, noise, options);
      const states = { ...asked, responses: actions.slice([0, 0], [rows, responseLength - 1]) };
      return { states, actions, mask, logProbs };
    });
    tensors.actions.dataSync();
    const trajectories = Array.from({ length: rows }, (): Trajectory => {
      const rewards = new Array<number>(responseLength).fill(0);
      rewards[responseLength - 1] = draws.normal();
      return { query: '', response: '', actions: [], rewards, scores: {}, ended: false };
    });
    return { ...tensors, trajectories };
  }

  /** Group z-scores of the rewards, at each of a response's tokens. */
  function scoresOf({ trajectories }: Rollout<TokenStates>): number[][] {
    const rewards = trajectories.map((trajectory) => trajectory.rewards.at(-1)!);
    const scores = groupAdvantages(rewards, groupSize, zScores);
    return scores.map((score) => new Array<number>(responseLength).fill(score));
  }

  function randomTexts(): TargetBatch {
    const texts = tokens(rows * length);
    return tf.tidy(() => {
      const ids = tf.tensor2d(texts, [rows, length], 'int32');
      const shorter: [number, number] = [rows, length - 1];
      return {
        seen: ids.slice([0, 0], shorter),
        targets: ids.slice([0, 1], shorter).toFloat(),
        mask: tf.ones<tf.Rank.R2>(shorter),
      };
    });
  }

  async function ppoBatch(rollout: Rollout<TokenStates>, refLogProbs: tf.Tensor2D): Promise<PpoBatch> {
    const kl = await logRatioRows(rollout, refLogProbs);
    const rewards = rollout.trajectories.map((trajectory, b) =>
      klPenalizedRewards(trajectory.rewards, kl[b]!, klInReward),
    );
    const { advantages, values, returns } = await criticAdvantages(critic, rollout, rewards, gae);
    return batchOf(rollout, { advantages: whiten(advantages, whitening), oldValues: values, returns });
  }

  async function grpo(): Promise<StepTimes> {
    const lap = stopwatch();
    const rollout = rollOut();
    const rolloutTime = lap();
    const refLogProbs = rolloutLogProbs(reference, rollout, 1);
    refLogProbs.dataSync();
    const referenceTime = lap();
    const given = { ...batchOf(rollout, { advantages: scoresOf(rollout) }), refLogProbs };
    await grpoDescent.step(given, at);
    policy.parameters.vector.dataSync();
    const train = lap();
    disposeBatch(given);
    return phases(rolloutTime, referenceTime, train);
  }

  /** Reference: what the reference policy and the critic say of the rollout, and what follows for the advantages. */
  async function ppo(): Promise<StepTimes> {
    const lap = stopwatch();
    const rollout = rollOut();
    const rolloutTime = lap();
    const refLogProbs = rolloutLogProbs(reference, rollout, 1);
    const given = await ppoBatch(rollout, refLogProbs);
    const referenceTime = lap();
    await ppoDescent.step(given, at);
    await valueDescent.step(given, at);
    for (const { parameters } of [policy, critic]) parameters.vector.dataSync();
    const train = lap();
    refLogProbs.dispose();
    disposeBatch(given);
    return phases(rolloutTime, referenceTime, train);
  }

  /** The update alone. */
  async function trpo(): Promise<StepTimes> {
    const rollout = rollOut();
    const given = batchOf(rollout, { advantages: scoresOf(rollout) });
    const lap = stopwatch();
    await trustRegion.step(given, 1);
    const total = lap();
    disposeBatch(given);
    return { total };
  }

  async function sft(): Promise<StepTimes> {
    const texts = randomTexts();
    const lap = stopwatch();
    await supervisedDescent.step(texts, at);
    policy.parameters.vector.dataSync();
    const total = lap();
    disposeBatch(texts);
    return { total };
  }

  /**
   * A batch of each algorithm, of a policy a little off the one that sampled and a critic a little off the one that
   * valued it, and what the losses and the norm of GRPO's gradient are there. Nothing is updated.
   */
  async function example() {
    const rollout = rollOut();
    const kl = rolloutLogProbs(reference, rollout, 1);
    const { returns, ...batch } = await ppoBatch(rollout, kl);
    const scores = batchOf(rollout, { advantages: scoresOf(rollout) }).advantages;
    const positions = tf.range(0, responseLength);
    const shifted = {
      ...batch,
      returns,
      oldLogProbs: batch.oldLogProbs.add<tf.Tensor2D>(positions.sub(8).mul(0.02)),
      oldValues: batch.oldValues.add<tf.Tensor2D>(positions.sub(8).mul(0.05)),
      refLogProbs: batch.oldLogProbs.sub<tf.Tensor2D>(positions.mul(0.01)),
    };
    const texts = randomTexts();
    const measured = await grpoDescent.measure({ ...shifted, advantages: scores }, 1);
    const losses = {
      grpo: measured.numbers.loss,
      grpoGradNorm: measured.numbers.grad_norm,
      ppo: (await ppoDescent.measure(shifted, 1)).numbers.loss,
      value: (await valueDescent.measure(shifted, 1)).numbers.loss,
      sft: (await supervisedDescent.measure(texts, 1)).numbers.loss,
    };
    return { batch: { ...shifted, scores }, texts, losses };
  }

  return { grpo, ppo, trpo, sft, example, policy: policy.parameters, critic: critic.parameters };
}

export type StepName = 'grpo' | 'ppo' | 'trpo' | 'sft';

const phases = (rollout: number, reference: number, train: number): StepTimes => ({
  rollout,
  reference,
  train,
  total: rollout + reference + train,
});

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const since = performance.now() - last;
    last += since;
    return since;
  };
}
