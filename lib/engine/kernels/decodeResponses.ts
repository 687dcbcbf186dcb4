/**
 * Sampling of whole responses as one operation: token after token, with the keys and values of the tokens so far kept
 * (a KV cache). Responses do not depend on each other, so each thread decodes its share of them from the first token
 * to the last, and one that has ended takes no further time. Its composite is lib/models/tokenByToken.ts.
 */
import type { tf } from '../tensorflow';
import { fusedKernel } from './fused';
import { epsilon } from './layerNorm';

const decode = fusedKernel('LabDecodeResponses', {
  outputs: 3,
  attributes: {
    layers: 'int',
    count: 'int',
    heads: 'int',
    promptLength: 'int',
    stopToken: 'int',
    topK: 'int',
    temperature: 'float',
    topP: 'float',
    epsilon: 'float',
  },
});

export interface DecodingInputs {
  /** [Q, V] of the first token that follows each prompt */
  readonly promptLogits: tf.Tensor2D;
  /** [B, T] uniform in [0, 1), one number for each token */
  readonly noise: tf.Tensor2D;
  /** [Q] int32, each prompt's first real column */
  readonly starts: tf.Tensor1D;
  /** [Q·P, 3D] for each layer: the prompts' queries, keys and values, before their bias */
  readonly promptQkv: readonly tf.Tensor2D[];
  /** All of the model's, in the order of gptPolicySpecification. */
  readonly weights: readonly tf.Tensor[];
}

export interface DecodingOptions {
  readonly heads: number;
  readonly temperature: number;
  /** V where none is cut off */
  readonly topK: number;
  /** 1 where none is cut off */
  readonly topP: number;
  readonly stopToken: number;
}

/** Without a gradient. */
export function decodeResponses(
  { promptLogits, noise, starts, promptQkv, weights }: DecodingInputs,
  options: DecodingOptions,
): { readonly tokens: tf.Tensor2D; readonly mask: tf.Tensor2D; readonly logProbs: tf.Tensor2D } {
  const inputs = [promptLogits, noise, starts, ...promptQkv, ...weights];
  const [tokens, mask, logProbs] = decode(
    Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor])),
    {
      ...options,
      epsilon,
      layers: promptQkv.length,
      count: weights.length,
      promptLength: promptQkv[0]!.shape[0] / starts.shape[0],
    },
  ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return { tokens, mask, logProbs };
}
