/** One token of each row, drawn from softmax(logits / temperature) by the inverse of the distribution function. */
import { tokenLogProbs } from '../engine/kernels/logProbs';
import { tf } from '../engine/tensorflow';

export interface DrawingOptions {
  /** Divides the logits: 1 samples the model's own distribution, 0 takes the likeliest token each time. */
  readonly temperature: number;
  /** Only the k likeliest tokens are sampled; ties with the last of them too. */
  readonly topK?: number;
  /** Only the likeliest tokens that together have probability p are sampled. Holtzman et al. 2019, arXiv:1904.09751. */
  readonly topP?: number;
}

export interface DrawnTokens {
  /** [B, 1] int32 */
  readonly token: tf.Tensor2D;
  /** [B, 1] its log-prob in nats: of the whole distribution at the temperature (at 1 where it is 0) */
  readonly logProb: tf.Tensor2D;
}

/**
 * @param logits [B, V]
 * @param noise  [B, 1] uniform in [0, 1): the first token whose cumulative probability exceeds it
 */
export function drawTokens(logits: tf.Tensor2D, noise: tf.Tensor2D, options: DrawingOptions): DrawnTokens {
  const { temperature } = options;
  const tempered = temperature > 0 ? logits.div<tf.Tensor2D>(temperature) : logits;
  const likeliest = () => tempered.argMax(1).expandDims<tf.Tensor2D>(1).toInt() as tf.Tensor2D;
  const token = temperature > 0 ? invert(truncated(tf.softmax(tempered), options), noise) : likeliest();
  return { token, logProb: tokenLogProbs(tempered, token.flatten()).expandDims(1) };
}

/** The largest float32 below 1. */
const below1 = 1 - 2 ** -24;

/**
 * The first token whose cumulative weight exceeds the fraction u of the total.
 * @param weights [B, V] not negative; they need not sum to 1
 * @returns       [B, 1] int32; never a token of weight 0
 */
function invert(weights: tf.Tensor2D, noise: tf.Tensor2D): tf.Tensor2D {
  const cumulative = weights.cumsum(1);
  const total = cumulative.max(1, true);
  // u below 1 stays below the total when the product is rounded: no draw goes beyond the last token that has weight
  return cumulative.lessEqual(noise.minimum(below1).mul(total)).sum<tf.Tensor2D>(1, true).toInt();
}

/**
 * Probabilities with 0 where top-k and top-p leave a token out; they no longer sum to 1.
 * @param probabilities [B, V]
 */
function truncated(probabilities: tf.Tensor2D, { topK, topP }: DrawingOptions): tf.Tensor2D {
  let kept = probabilities;
  if (topK !== undefined) {
    const likeliest = tf.topk(kept, Math.min(topK, kept.shape[1])).values;
    kept = kept.mul(kept.greaterEqual(likeliest.min(1, true)));
  }
  if (topP !== undefined) {
    const sorted = tf.topk(kept, kept.shape[1]).values;
    const before = sorted.cumsum(1, true);
    const inside = before.less(sorted.sum(1, true).mul(topP));
    const least = tf.where(inside, sorted, tf.onesLike(sorted)).min(1, true);
    kept = kept.mul(kept.greaterEqual(least));
  }
  return kept;
}
