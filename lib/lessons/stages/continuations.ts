import { tf } from '../../engine/tensorflow';
import type { Random } from '../../math/random';
import type { GptPolicy } from '../../models/gptPolicy';
import { sampleResponses } from '../../models/sampling';
import { leftPad } from '../../models/sequences';
import { specialTokens, type Tokenizer } from '../../models/tokenizer';

/**
 * What a pre-trained model makes of the beginning of a text. The beginning stands after the separator, as the texts of
 * pre-training do, so that nothing is asked: the text only goes on.
 * @param maxTokens   of the continuation, its end included
 * @param temperature 0 takes the likeliest token each time
 * @returns           the continuation of each beginning
 */
export async function continuations(
  policy: GptPolicy,
  tokenizer: Tokenizer,
  beginnings: readonly string[],
  { maxTokens, temperature }: { readonly maxTokens: number; readonly temperature: number },
  random: Random,
): Promise<string[]> {
  const rows = beginnings.map((text) => [specialTokens.separator, ...tokenizer.encode(text)]);
  const length = Math.max(...rows.map((row) => row.length));
  const uniforms = Float32Array.from({ length: rows.length * maxTokens }, () => random.uniform());
  const tokens = tf.tidy(() => {
    const noise = tf.tensor2d(uniforms, [rows.length, maxTokens]);
    const options = { maxTokens, temperature, stopToken: specialTokens.end };
    return sampleResponses(policy, leftPad(rows, length), noise, options).tokens;
  });
  const sampled = (await tokens.array()) as number[][];
  tokens.dispose();
  return sampled.map((row) => tokenizer.decode(row));
}
