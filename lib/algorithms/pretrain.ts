import type { Random } from '../math/random';
import type { GptPolicy } from '../models/gptPolicy';
import { encodeSequence } from '../models/sequences';
import type { Tokenizer } from '../models/tokenizer';
import type { ImitationRow } from './supervised/imitate';
import { trainNextToken } from './supervised/nextTokenTraining';
import type { HeldOut, SupervisedConfig } from './supervised/supervise';

/**
 * Pre-training: learns to predict each token of each text, the end included, from the tokens before it.
 *   L(θ) = −1/N Σ_t log π_θ(o_t | o_<t),  over the N tokens of a minibatch's texts
 * A text stands after the separator, as a response to no query at all.
 * @param heldOut texts that are not trained on, and how often their loss is measured
 * @returns       one row a step; the policy is trained in place
 * @throws        for a text that the tokenizer does not know, and where a loss or its gradient is not finite
 */
export function pretrain(
  policy: GptPolicy,
  tokenizer: Tokenizer,
  texts: readonly string[],
  config: SupervisedConfig,
  random: Random,
  heldOut: HeldOut<string> | null = null,
): AsyncGenerator<ImitationRow, void> {
  const encode = (text: string) => encodeSequence(tokenizer, '', text);
  const others = heldOut && { ...heldOut, examples: heldOut.examples.map(encode) };
  return trainNextToken(policy, texts.map(encode), config, random, others);
}
