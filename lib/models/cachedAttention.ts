/**
 * Attention of one new token of each response to its prompt and to the response so far, whose keys and values are
 * kept (a KV cache): what sampling needs for each further token.
 */
import type { AttentionLayout } from '../engine/kernels/attention';
import { tf } from '../engine/tensorflow';

/** What a token's attention reads. */
export interface Decoding {
  /** [B, 3D] queries, keys and values of the new tokens, heads as in `attention` */
  readonly qkv: tf.Tensor2D;
  /** [3D] added to each row of qkv and of promptQkv */
  readonly bias: tf.Tensor1D;
  /** [Q·P, 3D] of the prompts' tokens */
  readonly promptQkv: tf.Tensor2D;
  /** [Q] int32, each prompt's first real column */
  readonly starts: tf.Tensor1D;
  /** [B, T, 2D] keys and values of the response's tokens so far, zeros for those to come */
  readonly cache: tf.Tensor3D;
  /** int32, how many tokens of the response came before */
  readonly position: tf.Scalar;
}

/** @returns mixed [B, D], and the cache with the new tokens at `position` */
export function cachedAttention(
  { qkv, bias, promptQkv, starts, cache: before, position }: Decoding,
  { heads, prompts, promptLength, responses, responseLength }: AttentionLayout,
): { readonly mixed: tf.Tensor2D; readonly cache: tf.Tensor3D } {
  const width = bias.shape[0] / 3;
  const d = width / heads;
  const group = responses / prompts;
  const [query, keyValue] = tf.split(qkv.add(bias), [width, 2 * width], 1) as [tf.Tensor2D, tf.Tensor2D];
  const at = tf.range(0, responseLength, 1, 'int32');
  const here = at.equal(position).toFloat().reshape([1, responseLength, 1]);
  const cache = before.mul(tf.sub(1, here)).add(keyValue.expandDims(1).mul(here)) as tf.Tensor3D;

  const headsFirst = (x: tf.Tensor, sequences: number, length: number) =>
    x.reshape([sequences, length, -1, d]).transpose<tf.Tensor4D>([2, 0, 1, 3]);
  const promptKeyValue = promptQkv.add(bias).slice([0, width], [prompts * promptLength, 2 * width]);
  const [promptKey, promptValue] = tf.split(headsFirst(promptKeyValue, prompts, promptLength), 2);
  const [key, value] = tf.split(headsFirst(cache, responses, responseLength), 2);
  const queries = headsFirst(query.mul(1 / Math.sqrt(d)), responses, 1);
  const padding = tf.range(0, promptLength, 1, 'int32').less(starts.expandDims(1));
  const toPrompt = queries
    .reshape([heads, prompts, group, d])
    .matMul(promptKey!, false, true)
    .add(padding.toFloat().mul(-1e9).expandDims(1));
  const toOwn = queries.matMul(key!, false, true).add(at.greater(position).toFloat().mul(-1e9));
  const probabilities = tf.softmax(
    tf.concat([toPrompt.reshape([heads, responses, 1, promptLength]), toOwn], 3),
  );
  const [onPrompt, onOwn] = tf.split(probabilities, [promptLength, responseLength], 3);
  const mixed = onPrompt!
    .reshape([heads, prompts, group, promptLength])
    .matMul(promptValue!)
    .reshape([heads, responses, 1, d])
    .add(onOwn!.matMul(value!));
  return { mixed: mixed.transpose([1, 2, 0, 3]).reshape([responses, width]), cache };
}
