/**
 * Causal self-attention of packed prompts and responses: softmax(Q Kᵀ/√d) V for each head. Vaswani et al. 2017, eq. 1.
 *
 * A prompt stands once however many responses continue it. The rows of a matrix [N, ·] are the tokens, N = Q·P + B·T:
 * first Q prompts of P tokens, padded on the left, then B responses of T tokens. Response b continues prompt
 * ⌊b / (B/Q)⌋: its token j sees that prompt's tokens from its start on, and its own tokens 0 … j.
 */
import { tf } from '../tensorflow';
import { fused, fusedGradient, fusedKernel } from './fused';

export interface AttentionLayout {
  /** Attention heads; they share the width D evenly, each its columns side by side. */
  readonly heads: number;
  /** Q */
  readonly prompts: number;
  /** P */
  readonly promptLength: number;
  /** B, a multiple of Q; 0 where there are prompts only */
  readonly responses: number;
  /** T; 0 where there are prompts only */
  readonly responseLength: number;
}

const attributes = {
  heads: 'int',
  prompts: 'int',
  promptLength: 'int',
  responses: 'int',
  responseLength: 'int',
} as const;

/** The operation's attributes of a layout, whatever else the object holds. */
export const layoutAttributes = ({
  heads,
  prompts,
  promptLength,
  responses,
  responseLength,
}: AttentionLayout) => ({
  heads,
  prompts,
  promptLength,
  responses,
  responseLength,
});

const forward = fusedKernel('LabAttention', { inputs: ['qkv', 'bias', 'starts'], attributes });
const backward = fusedKernel('LabAttentionGrad', {
  inputs: ['qkv', 'bias', 'starts', 'upstream'],
  outputs: 2,
  attributes,
});
const tangentKernel = fusedKernel('LabAttentionTangent', {
  inputs: ['qkv', 'bias', 'starts', 'qkvTangent', 'biasTangent'],
  attributes,
});

fusedGradient('LabAttention', ['qkv', 'bias', 'starts'], (upstream, [qkv, bias, starts], layout) => {
  const [dqkv, dbias] = backward({ qkv: qkv!, bias: bias!, starts: starts!, upstream }, layout);
  return { qkv: dqkv!, bias: dbias! };
});

/** How the fused kernel's output moves when qkv and bias move by their tangents. */
export function attentionTangent(
  inputs: { qkv: tf.Tensor; bias: tf.Tensor; starts: tf.Tensor },
  tangents: { qkvTangent: tf.Tensor; biasTangent: tf.Tensor },
  layout: AttentionLayout,
): tf.Tensor {
  return tangentKernel({ ...inputs, ...tangents }, layoutAttributes(layout))[0]!;
}

/**
 * @param qkv    [N, 3D] queries of all heads, then keys, then values
 * @param bias   [3D] added to each row of qkv
 * @param starts [Q] int32, each prompt's first real column; a token before it sees itself only
 * @returns      [N, D] of each token, its heads side by side
 */
export function attention(
  qkv: tf.Tensor2D,
  bias: tf.Tensor1D,
  starts: tf.Tensor1D,
  layout: AttentionLayout,
): tf.Tensor2D {
  if (fused()) return forward({ qkv, bias, starts }, layoutAttributes(layout))[0] as tf.Tensor2D;
  return composite(qkv.add(bias), starts, layout);
}

/** Queries, keys or values of all heads: [heads, sequences, tokens, d]. */
type Heads = tf.Tensor4D;

function composite(qkv: tf.Tensor2D, starts: tf.Tensor1D, layout: AttentionLayout): tf.Tensor2D {
  const { heads, prompts, promptLength, responses, responseLength } = layout;
  const [tokens, columns] = qkv.shape;
  const [width, d] = [columns / 3, columns / 3 / heads];
  const scale = 1 / Math.sqrt(d);
  const separated = (first: number, sequences: number, length: number) =>
    tf.split(
      qkv
        .slice([first, 0], [sequences * length, columns])
        .reshape([sequences, length, 3 * heads, d])
        .transpose([2, 0, 1, 3]),
      3,
    ) as [Heads, Heads, Heads];
  const joined = (mixed: tf.Tensor) => mixed.transpose([1, 2, 0, 3]).reshape([-1, width]) as tf.Tensor2D;

  const [query, key, value] = separated(0, prompts, promptLength);
  const promptScores = tf.matMul(query, key, false, true).mul(scale).add(promptBias(starts, promptLength));
  const promptMixed = joined(tf.softmax(promptScores).matMul(value));
  const first = prompts * promptLength;
  if (first === tokens) return promptMixed;

  const [ownQuery, ownKey, ownValue] = separated(first, responses, responseLength);
  // the responses of one prompt as one longer list of queries: its keys stand once
  const grouped = (x: tf.Tensor) =>
    x.reshape<Heads>([heads, prompts, (responses / prompts) * responseLength, -1]);
  const apart = (x: tf.Tensor, last: number) => x.reshape<Heads>([heads, responses, responseLength, last]);
  const toPrompt = grouped(ownQuery)
    .matMul(key, false, true)
    .mul(scale)
    .add(responseBias(starts, promptLength));
  const toOwn = tf.matMul(ownQuery, ownKey, false, true).mul(scale).add(causalBias(responseLength));
  const probabilities = tf.softmax(tf.concat([apart(toPrompt, promptLength), toOwn], 3));
  const [onPrompt, onOwn] = tf.split(probabilities, [promptLength, responseLength], 3) as [Heads, Heads];
  const mixed = apart(grouped(onPrompt).matMul(value), d).add(onOwn.matMul(ownValue));
  return tf.concat([promptMixed, joined(mixed)]);
}

/** −1e9 where a token may not look: e^−1e9 is exactly 0. */
const forbidden = -1e9;

/** [T, T] */
function causalBias(length: number): tf.Tensor2D {
  const columns = tf.range(0, length, 1, 'int32');
  return columns.greater(columns.expandDims(1)).toFloat().mul(forbidden);
}

/** [Q, P, P]: a token sees those from its prompt's start up to itself, and itself in any case. */
function promptBias(starts: tf.Tensor1D, length: number): tf.Tensor3D {
  const columns = tf.range(0, length, 1, 'int32');
  const rows = columns.expandDims(1);
  const padding = columns.less(starts.expandDims(1)).expandDims(1);
  const seen = columns.less(rows).logicalAnd(padding.logicalNot()).logicalOr(columns.equal(rows));
  return seen.logicalNot().toFloat().mul(forbidden);
}

/** [Q, 1, P]: a response sees its prompt from its start on. */
function responseBias(starts: tf.Tensor1D, length: number): tf.Tensor3D {
  const padding = tf.range(0, length, 1, 'int32').less(starts.expandDims(1));
  return padding.toFloat().mul(forbidden).expandDims(1);
}
