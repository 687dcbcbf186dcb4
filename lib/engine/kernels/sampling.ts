/** One token of each response, drawn from softmax(logits / temperature) by the inverse of the distribution function. */
import { tf } from '../tensorflow';
import { fused, fusedKernel } from './fused';
import { tokenLogProbs } from './logProbs';

const sample = fusedKernel('LabSampleTokens', {
  inputs: ['logits', 'noise'],
  outputs: 2,
  attributes: { temperature: 'float' },
});

export interface SampledTokens {
  /** [B, 1] int32 */
  readonly token: tf.Tensor2D;
  /** [B, 1] its log-prob in nats, at the temperature (at 1 where it is 0) */
  readonly logProb: tf.Tensor2D;
}

/**
 * @param logits      [B, V]
 * @param noise       [B, 1] uniform in [0, 1): the first token whose cumulative probability exceeds it
 * @param temperature 0 takes the likeliest token
 */
export function sampleTokens(logits: tf.Tensor2D, noise: tf.Tensor2D, temperature: number): SampledTokens {
  if (fused()) {
    const [token, logProb] = sample({ logits, noise }, { temperature });
    return { token: token as tf.Tensor2D, logProb: logProb as tf.Tensor2D };
  }
  const tempered = temperature > 0 ? logits.div<tf.Tensor2D>(temperature) : logits;
  const likeliest = () => tempered.argMax(1).expandDims<tf.Tensor2D>(1).toInt() as tf.Tensor2D;
  const token = temperature > 0 ? drawTokens(tf.softmax(tempered), noise) : likeliest();
  return { token, logProb: tokenLogProbs(tempered, token.flatten()).expandDims(1) };
}

/** The largest float32 below 1. */
const below1 = 1 - 2 ** -24;

/**
 * Draws by the inverse of the distribution function: the first token whose cumulative probability exceeds u.
 * @param weights [B, V] not negative; they need not sum to 1
 * @param noise   [B, 1] uniform in [0, 1)
 * @returns       [B, 1] int32; never a token of weight 0
 */
export function drawTokens(weights: tf.Tensor2D, noise: tf.Tensor2D): tf.Tensor2D {
  const cumulative = weights.cumsum(1);
  const total = cumulative.max(1, true);
  // u below 1 stays below the total when the product is rounded: no draw goes beyond the last token that has weight
  return cumulative.lessEqual(noise.minimum(below1).mul(total)).sum<tf.Tensor2D>(1, true).toInt();
}
