import type { Random } from '../math/random';
import type { GptPolicy } from '../models/gptPolicy';
import { encodeSequence } from '../models/sequences';
import type { Tokenizer } from '../models/tokenizer';
import { type NextTokenConfig, type NextTokenRow, trainNextToken } from './nextTokenTraining';

/**
 * Pre-training: learns to predict each token of each text, the end included, from the tokens before it. A text stands
 * after the separator, as a response to no query at all.
 * @returns one row a step; the policy is trained in place
 */
export function pretrain(
  policy: GptPolicy,
  tokenizer: Tokenizer,
  texts: readonly string[],
  config: NextTokenConfig,
  random: Random,
): AsyncGenerator<NextTokenRow, void> {
  const sequences = texts.map((text) => encodeSequence(tokenizer, '', text));
  return trainNextToken(policy, sequences, config, random);
}
