/** The next-token loss of one text in plain arithmetic, a term a token. */

import { softmax } from '../../math/softmax';
import { mean } from '../../math/statistics';
import type { Tokenizer } from '../../models/tokenizer';
import type { TokenStep } from '../languagePolicy/tokenSteps';

export interface CrossEntropyRow {
  readonly state: string;
  readonly token: string;
  /** softmax(logits) at the token. */
  readonly probability: number;
  /** −log probability, in nats. */
  readonly loss: number;
  /** Whether the term counts when this text is pre-trained on: each token that something stands before does. */
  readonly pre_training: 0 | 1;
  /** Whether it counts when the response is a demonstration: the query's tokens do not. */
  readonly fine_tuning: 0 | 1;
}

export function crossEntropyTerms(steps: readonly TokenStep[], { vocabulary }: Tokenizer): CrossEntropyRow[] {
  return steps.map(({ state, token, logits, in_response }) => {
    const probability = softmax(logits)[vocabulary.indexOf(token)]!;
    return {
      state,
      token,
      probability,
      loss: -Math.log(probability),
      pre_training: 1,
      fine_tuning: in_response ? 1 : 0,
    };
  });
}

/** The mean of the terms that count, in nats a token. */
export function meanLoss(terms: readonly CrossEntropyRow[], mask: 'pre_training' | 'fine_tuning'): number {
  return mean(terms.filter((term) => term[mask] === 1).map(({ loss }) => loss));
}
