import type { Random } from '../math/random';
import type { GptPolicy } from '../models/gptPolicy';
import { encodeSequence } from '../models/sequences';
import type { Tokenizer } from '../models/tokenizer';
import { type NextTokenConfig, type NextTokenRow, trainNextToken } from './nextTokenTraining';

/**
 * Supervised fine-tuning: learns to give these responses to these queries. Only the response's tokens and the end
 * count, not the query's (Ouyang et al. 2022, arXiv:2203.02155, fine-tune so on demonstrations).
 * @returns one row a step; the policy is trained in place
 */
export function fineTune(
  policy: GptPolicy,
  tokenizer: Tokenizer,
  demonstrations: readonly { readonly query: string; readonly response: string }[],
  config: NextTokenConfig,
  random: Random,
): AsyncGenerator<NextTokenRow, void> {
  const sequences = demonstrations.map(({ query, response }) => encodeSequence(tokenizer, query, response));
  return trainNextToken(policy, sequences, config, random);
}
