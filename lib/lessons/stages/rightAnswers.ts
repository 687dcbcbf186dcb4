/** How likely a model is to give the right answer in the words of the demonstrations. */
import { nextTokenTargets, seeTokens } from '../../algorithms/supervised/nextTokenTraining';
import { longestSeen, targetBatch } from '../../algorithms/supervised/stepTargets';
import { tf } from '../../engine/tensorflow';
import type { AssistantCorpora } from '../../experiments/assistant';
import { actionLogProbs } from '../../models/categorical';
import type { GptPolicy } from '../../models/gptPolicy';
import { encodeSequence } from '../../models/sequences';
import { additions } from '../../tasks/additionCorpora';
import { additionQuestion } from '../../tasks/arithmetic';

export interface RightAnswerRow {
  readonly a: number;
  readonly b: number;
  readonly split: 'train' | 'held out';
  /** π("a+b is c", end | "What is a+b?") with the right c: the product over its tokens. */
  readonly probability: number;
}

/** All questions of two numbers from 0 to the largest, in order. */
export async function rightAnswers(
  policy: GptPolicy,
  { tokenizer, heldOut }: Pick<AssistantCorpora, 'tokenizer' | 'heldOut'>,
  largest: number,
): Promise<RightAnswerRow[]> {
  const asked = additions(largest);
  const examples = asked.map(({ a, b }) =>
    nextTokenTargets(encodeSequence(tokenizer, additionQuestion(a, b), `${a}+${b} is ${a + b}`)),
  );
  const steps = longestSeen(examples);
  const probabilities = tf.tidy(() => {
    const { seen, targets, mask } = targetBatch(examples, steps);
    const logProbs = actionLogProbs(policy.logits(seeTokens(seen), steps), targets.toInt());
    return logProbs.mul(mask).sum(1).exp();
  });
  const values = await probabilities.data();
  probabilities.dispose();
  return asked.map(({ a, b }, i) => ({
    a,
    b,
    split: heldOut.includes(additionQuestion(a, b)) ? 'held out' : 'train',
    probability: values[i]!,
  }));
}
