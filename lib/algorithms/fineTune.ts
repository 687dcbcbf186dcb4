import type { Random } from '../math/random';
import type { GptPolicy } from '../models/gptPolicy';
import { encodeSequence } from '../models/sequences';
import type { Tokenizer } from '../models/tokenizer';
import type { Demonstration } from '../tasks/additionCorpora';
import type { ImitationRow } from './supervised/imitate';
import { trainNextToken } from './supervised/nextTokenTraining';
import type { HeldOut, SupervisedConfig } from './supervised/supervise';

/**
 * Supervised fine-tuning: learns to give these responses to these queries.
 *   L(θ) = −1/N Σ_t log π_θ(o_t | q, o_<t),  over the N tokens of a minibatch's responses and their ends
 * The query's tokens do not count (Ouyang et al. 2022, arXiv:2203.02155, fine-tune so on demonstrations).
 * @param heldOut demonstrations that are not trained on, and how often their loss is measured
 * @returns       one row a step; the policy is trained in place
 * @throws        for a text that the tokenizer does not know, and where a loss or its gradient is not finite
 */
export function fineTune(
  policy: GptPolicy,
  tokenizer: Tokenizer,
  demonstrations: readonly Demonstration[],
  config: SupervisedConfig,
  random: Random,
  heldOut: HeldOut<Demonstration> | null = null,
): AsyncGenerator<ImitationRow, void> {
  const encode = ({ query, response }: Demonstration) => encodeSequence(tokenizer, query, response);
  const others = heldOut && { ...heldOut, examples: heldOut.examples.map(encode) };
  return trainNextToken(policy, demonstrations.map(encode), config, random, others);
}
