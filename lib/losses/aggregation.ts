import { tf } from '../engine/tensorflow';
import { onlyWhere } from './onlyWhere';

/**
 * How the losses of tokens become one number:
 * - token-mean: over all tokens of the batch (DAPO; TRL's and verl's default);
 * - seq-mean-token-mean: over each response's tokens, then over responses (GRPO, DeepSeekMath eq. 3);
 * - seq-mean-token-sum: sum over each response's tokens, mean over responses;
 * - seq-mean-token-sum-norm: the same, divided by a constant length (Dr. GRPO, arXiv:2503.20783);
 * - token-sum: no mean at all.
 */
export type Aggregation =
  | 'token-mean'
  | 'seq-mean-token-mean'
  | 'seq-mean-token-sum'
  | 'seq-mean-token-sum-norm'
  | 'token-sum';

/**
 * @param values    [B, T] one number for each token
 * @param mask      [B, T] 1 on tokens that count. What is masked may be anything, also NaN.
 * @param maxLength the constant of seq-mean-token-sum-norm, in tokens
 * @returns         scalar. A response without a token is not counted as one, as in verl; TRL counts it with 0.
 */
export function aggregate(
  values: tf.Tensor2D,
  mask: tf.Tensor2D,
  aggregation: Aggregation,
  maxLength: number = values.shape[1],
): tf.Scalar {
  return tf.tidy(() => {
    const counted = onlyWhere(mask, values);
    if (aggregation === 'token-sum') return counted.sum();
    if (aggregation === 'token-mean') return counted.sum().div(mask.sum().maximum(1));
    const tokens = mask.sum(1);
    const responses = tokens.greater(0).toFloat().sum().maximum(1);
    const sums = counted.sum(1);
    switch (aggregation) {
      case 'seq-mean-token-mean':
        return sums.div(tokens.maximum(1)).sum().div(responses);
      case 'seq-mean-token-sum':
        return sums.sum().div(responses);
      case 'seq-mean-token-sum-norm':
        return sums.sum().div(responses).div(maxLength);
    }
  });
}
