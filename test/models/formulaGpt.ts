/** A small language model whose weights come from a formula, as in golden/gptReference.py: far from uniform. */
import { tf } from '../../lib/engine/tensorflow';
import type { GptConfig } from '../../lib/models/gpt';
import { type GptPolicy, gptPolicy, gptPolicySpecification } from '../../lib/models/gptPolicy';
import type { ParameterSpecification, Parameters } from '../../lib/models/parameters';
import { leftPad } from '../../lib/models/sequences';

export const config: GptConfig = { vocabularySize: 11, contextLength: 8, layers: 2, heads: 2, width: 8 };

/** Parameter number i is 0.5 sin(i²), plus 1 where it is a gain. */
export function formulaParameters(specification: ParameterSpecification): Parameters {
  const values: number[] = [];
  for (const [name, { shape }] of Object.entries(specification)) {
    const size = shape.reduce((product, length) => product * length, 1);
    for (let i = 0; i < size; i++) {
      values.push(0.5 * Math.sin(values.length ** 2) + (name.endsWith('.gain') ? 1 : 0));
    }
  }
  return { specification, vector: tf.tidy(() => tf.variable(tf.tensor1d(values))) };
}

export function formulaPolicy(tiedHead = true): GptPolicy {
  const headed = { ...config, tiedHead };
  return gptPolicy(headed, formulaParameters(gptPolicySpecification(headed)));
}

/** The logits [T, V] of one sequence without padding, from the whole forward pass. */
export function sequenceLogits(policy: GptPolicy, sequence: readonly number[]): number[][] {
  return tf.tidy(() => policy.logits(leftPad([sequence], sequence.length), sequence.length).arraySync()[0]!);
}
