/** The log-probs of given actions under the softmax of logits: log π(a) = z_a − log Σ_b exp z_b. */
import { tf } from '../tensorflow';
import { fused, fusedGradient, fusedKernel } from './fused';

const forward = fusedKernel('LabTokenLogProbs', { inputs: ['logits', 'actions'] });
const backward = fusedKernel('LabTokenLogProbsGrad', { inputs: ['logits', 'actions', 'upstream'] });

/** The fused kernel's gradient of the logits: (onehot(a) − softmax(z)) · upstream. */
export function tokenLogProbsGradient(logits: tf.Tensor, actions: tf.Tensor, upstream: tf.Tensor): tf.Tensor {
  return backward({ logits, actions, upstream })[0]!;
}

fusedGradient('LabTokenLogProbs', ['logits', 'actions'], (upstream, [logits, actions]) => ({
  logits: tokenLogProbsGradient(logits!, actions!, upstream),
}));

/**
 * @param logits  [R, V], V at least 2; the only argument that gets a gradient
 * @param actions [R] int32
 * @returns       [R] in nats
 */
export function tokenLogProbs(logits: tf.Tensor2D, actions: tf.Tensor1D): tf.Tensor1D {
  if (fused()) return forward({ logits, actions })[0] as tf.Tensor1D;
  // a product with one-hot rows rather than a gather: wasm has no kernel for a gather's gradient
  return tf.logSoftmax(logits).mul(tf.oneHot(actions, logits.shape[1])).sum(-1);
}
