import { tf } from '../engine/tensorflow';
import { actionLogProbs } from '../models/categorical';
import { aggregate } from './aggregation';
import { onlyWhere } from './onlyWhere';

/**
 * Cross-entropy of the next token, to be minimized: the negative log-likelihood of the targets.
 *   L(θ) = −1/N Σ_n log softmax(logits_n)[target_n]
 * @param logits  [B, T, A]; the only argument that gets a gradient
 * @param targets [B, T] int32
 * @param mask    [B, T] 1 on the N targets that count
 * @returns       scalar, in nats a token
 */
export function crossEntropyLoss(logits: tf.Tensor3D, targets: tf.Tensor2D, mask: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const counted = onlyWhere(mask.expandDims(2), logits);
    // what is masked may be any number, such as -100
    const actions = targets.mul<tf.Tensor2D>(mask.greater(0).toInt());
    return aggregate(actionLogProbs(counted, actions).neg(), mask, 'token-mean');
  });
}
