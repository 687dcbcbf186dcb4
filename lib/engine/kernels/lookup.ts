/** The rows of a table, such as the embeddings of tokens. */
import { tf } from '../tensorflow';
import { fused, fusedGradient, fusedKernel } from './fused';

const forward = fusedKernel('LabLookup', { inputs: ['table', 'ids'] });
const backward = fusedKernel('LabLookupGrad', { inputs: ['upstream', 'ids'], attributes: { rows: 'int' } });

fusedGradient('LabLookup', ['table', 'ids'], (upstream, [table, ids]) => ({
  table: backward({ upstream, ids: ids! }, { rows: table!.shape[0]! })[0]!,
}));

/**
 * Row ids[n] of the table for each n. An id that the table has not: the fused kernel refuses it, elsewhere it gives 0.
 * @param table [V, D] the only argument that gets a gradient
 * @param ids   [N] int32
 * @returns     [N, D]
 */
export function lookup(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  if (fused()) return forward({ table, ids })[0] as tf.Tensor2D;
  // a product with one-hot rows rather than a gather: wasm has no kernel for a gather's gradient
  return tf.oneHot(ids, table.shape[0]).matMul(table) as tf.Tensor2D;
}
