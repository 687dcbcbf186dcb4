/** A set of choices as one update of a batch: its advantages, and the losses that the training loops would minimize. */
import { klPenalizedRewards } from '../../advantages/klPenalizedRewards';
import { whiten } from '../../advantages/whitening';
import type { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import type { Aggregation } from '../../losses/aggregation';
import {
  type ClippedSurrogateOptions,
  clippedSurrogate,
  clippedSurrogateLoss,
} from '../../losses/clippedSurrogate';
import { groupRelative, groupRelativeLoss } from '../../losses/groupRelative';
import { importanceRatio } from '../../losses/importanceRatio';
import { surrogate, surrogateLoss } from '../../losses/surrogate';
import { clippedValueLoss, valueRegressionLoss } from '../../losses/valueRegression';
import type { GrpoConfig } from '../grpo';
import type { PpoConfig } from '../ppo';
import type { TrpoConfig } from '../trpo';
import { advantagesAndReturns, type CriticConfig } from '../updates/criticAdvantages';
import { groupedAdvantages, lossOptions } from '../updates/groupedAdvantages';

type NumberRows = readonly (readonly number[])[];

/** Responses: a row for each with a number for each of its tokens; those of a group follow each other. */
export interface ComparisonBatch {
  readonly groupSize: number;
  /** The reward of each token; a language model's only one comes at its last. */
  readonly rewards: NumberRows;
  /** log π of the policy that is updated, in nats. */
  readonly logProbs: NumberRows;
  /** The same of the policy that sampled. */
  readonly oldLogProbs: NumberRows;
  /** The same of the reference policy; null where no choice holds on to one. */
  readonly refLogProbs: NumberRows | null;
  /** What the critic says before each token, and what it said at the rollout; null where no choice has a critic. */
  readonly values: NumberRows | null;
  readonly oldValues: NumberRows | null;
}

/** What one update of a given batch does not ask for. */
type Experiment = 'steps' | 'queries' | 'groupSize' | 'evaluateEvery';
export type GrpoChoices = Omit<GrpoConfig, Experiment>;
export type PpoChoices = Omit<PpoConfig, Experiment>;
export type TrpoChoices = Omit<TrpoConfig, Experiment>;
/** A preset, a whole config, or either with something changed. */
export type Choices = GrpoChoices | PpoChoices | TrpoChoices;

export interface UpdateTensors {
  /** [B, T] */
  readonly oldLogProbs: tf.Tensor2D;
  readonly advantages: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  /** Rows as such a tensor. */
  readonly pad: (rows: NumberRows) => tf.Tensor2D;
}

export interface Update {
  readonly algorithm: 'grpo' | 'ppo' | 'trpo';
  readonly advantages: NumberRows;
  readonly aggregation: Aggregation;
  readonly maxLength: number | undefined;
  /** What is clipped, and of which ratio. */
  readonly range: ClippedSurrogateOptions;
  readonly loss: (logProbs: tf.Tensor2D, tensors: UpdateTensors) => tf.Scalar;
  /** [B, T] what the loss is aggregated from. */
  readonly tokenLoss: (logProbs: tf.Tensor2D, tensors: UpdateTensors) => tf.Tensor2D;
  readonly critic: {
    readonly returns: NumberRows;
    readonly loss: (values: tf.Tensor2D, tensors: UpdateTensors) => tf.Scalar;
  } | null;
}

/**
 * @param kl log π_old − log π_ref of each token; null without a reference
 * @throws InputError where the batch lacks the reference, the critic or the distributions that the choices ask for
 */
export function readChoices(
  preset: string,
  choices: Choices,
  batch: ComparisonBatch,
  kl: NumberRows | null,
): Update {
  if (!('maxKl' in choices) && choices.klCoefficient !== 0 && !kl) {
    throw new InputError(
      `"${preset}" holds on to a reference with klCoefficient ${choices.klCoefficient}, but the batch's refLogProbs are null.`,
    );
  }
  if ('baseline' in choices && choices.klEstimator === 'exact' && choices.klCoefficient !== 0) {
    throw new InputError(
      `"${preset}" takes the exact KL, for which the batch's log-probs of single tokens are not enough; expected an estimator, such as k3.`,
    );
  }
  if ('valueClipForm' in choices && choices.updateKlCoefficient) {
    throw new InputError(
      `"${preset}" has an updateKlCoefficient, whose exact KL takes more than the batch's log-probs of single tokens; expected 0.`,
    );
  }
  if ('baseline' in choices) return grpoUpdate(choices, batch, kl);
  if (!batch.values || !batch.oldValues) {
    throw new InputError(`"${preset}" has a critic, but the batch's values or oldValues are null.`);
  }
  const critic = { ...batch, oldValues: batch.oldValues };
  return 'maxKl' in choices ? trpoUpdate(choices, critic) : ppoUpdate(choices, critic, kl);
}

function grpoUpdate(choices: GrpoChoices, batch: ComparisonBatch, kl: NumberRows | null): Update {
  const { refLogProbs, groupSize } = batch;
  const trajectories = batch.rewards.map((rewards) => ({ rewards }));
  const options = lossOptions(choices);
  const ref = ({ pad }: UpdateTensors) => refLogProbs && pad(refLogProbs);
  return {
    algorithm: 'grpo',
    advantages: groupedAdvantages(trajectories, kl, groupSize, choices),
    aggregation: choices.aggregation ?? 'token-mean',
    maxLength: choices.maxLength,
    range: choices,
    loss: (logProbs, tensors) => {
      const { oldLogProbs, advantages, mask } = tensors;
      return groupRelativeLoss(logProbs, oldLogProbs, ref(tensors), advantages, mask, options);
    },
    tokenLoss: (logProbs, tensors) => {
      const { oldLogProbs, advantages, mask } = tensors;
      return groupRelative(logProbs, oldLogProbs, ref(tensors), advantages, mask, options);
    },
    critic: null,
  };
}

interface CriticBatch extends ComparisonBatch {
  readonly oldValues: NumberRows;
}

function ppoUpdate(choices: PpoChoices, { rewards, oldValues }: CriticBatch, kl: NumberRows | null): Update {
  const earned = rewards.map((row, b) => (kl ? klPenalizedRewards(row, kl[b]!, choices.klCoefficient) : row));
  const { advantages, returns } = whitened(earned, oldValues, choices);
  const level = choices.ratio ?? 'token';
  return {
    algorithm: 'ppo',
    advantages,
    aggregation: choices.aggregation ?? 'token-mean',
    maxLength: choices.maxLength,
    range: choices,
    loss: (logProbs, { oldLogProbs, advantages, mask }) =>
      clippedSurrogateLoss(logProbs, oldLogProbs, advantages, mask, choices),
    tokenLoss: (logProbs, { oldLogProbs, advantages, mask }) =>
      clippedSurrogate(importanceRatio(logProbs, oldLogProbs, mask, level), advantages, choices),
    critic: {
      returns,
      loss: (values, { mask, pad }) => {
        const clipping = { clipRange: choices.valueClipRange, form: choices.valueClipForm };
        const loss = clippedValueLoss(values, pad(oldValues), pad(returns), mask, clipping);
        return loss.mul(choices.valueCoefficient ?? 1);
      },
    },
  };
}

function trpoUpdate(choices: TrpoChoices, { rewards, oldValues }: CriticBatch): Update {
  const { advantages, returns } = whitened(rewards, oldValues, choices);
  return {
    algorithm: 'trpo',
    advantages,
    aggregation: 'token-mean',
    maxLength: undefined,
    // nothing is clipped: the trust region is a constraint on the step
    range: { clipLow: 1, clipHigh: Number.POSITIVE_INFINITY },
    loss: (logProbs, { oldLogProbs, advantages, mask }) =>
      surrogateLoss(logProbs, oldLogProbs, advantages, mask),
    tokenLoss: (logProbs, { oldLogProbs, advantages, mask }) =>
      surrogate(importanceRatio(logProbs, oldLogProbs, mask, 'token'), advantages),
    critic: { returns, loss: (values, { mask, pad }) => valueRegressionLoss(values, pad(returns), mask) },
  };
}

/** The batch is the rollout and its only minibatch at once. */
function whitened(
  rewards: NumberRows,
  oldValues: NumberRows,
  choices: CriticConfig & Pick<PpoConfig, 'whitening'>,
) {
  const { advantages, returns } = advantagesAndReturns(rewards, oldValues, choices);
  return { advantages: choices.whitening ? whiten(advantages, choices.whitening) : advantages, returns };
}
