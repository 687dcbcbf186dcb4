import { encodeSequence } from '../../models/sequences';
import type { Tokenizer } from '../../models/tokenizer';
import type { Demonstration } from '../../tasks/additionCorpora';

/**
 * The least cross-entropy that any model can have on a corpus: that of the corpus's own frequencies,
 *   −1/N Σ_i log(n(query_i, response_i) / n(query_i)),  over the N tokens of its responses and their ends.
 * What people say differently about the same thing cannot be foretold.
 * @param examples texts without a query have the query ""
 * @returns        nats a token
 */
export function lowestLoss(tokenizer: Tokenizer, examples: readonly Demonstration[]): number {
  const counts = new Map<string, number>();
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { query, response } of examples) {
    count(query);
    count(JSON.stringify([query, response]));
  }
  let surprise = 0;
  let tokens = 0;
  for (const { query, response } of examples) {
    surprise -= Math.log(counts.get(JSON.stringify([query, response]))! / counts.get(query)!);
    tokens += encodeSequence(tokenizer, '', response).responseLength + 1;
  }
  return surprise / tokens;
}
