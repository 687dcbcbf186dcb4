/**
 * A small GPT that has read statements and demonstrations of additions, of which half count one too many: its
 * likeliest answer is right for about half of the questions, and the right one is never far.
 */
import { fineTune } from '../../lib/algorithms/fineTune';
import { pretrain } from '../../lib/algorithms/pretrain';
import type { Random } from '../../lib/math/random';
import { createGptPolicy, type GptPolicy } from '../../lib/models/gptPolicy';
import { createTokenizer, type Tokenizer } from '../../lib/models/tokenizer';
import {
  type Addition,
  additionDemonstrations,
  additionStatements,
  additions,
  holdOut,
} from '../../lib/tasks/additionCorpora';
import { additionQuestion } from '../../lib/tasks/arithmetic';

export const largest = 7;
const heldOutShare = 0.2;
const wrongShare = 0.5;
const copies = 5;
const size = { contextLength: 16, layers: 2, heads: 4, width: 64 };

const supervised = { batchSize: 64, warmupSteps: 20, maxGradNorm: 1, schedule: 'cosine' } as const;
const pretraining = { ...supervised, steps: 300, learningRate: 3e-3 };
const fineTuning = { ...supervised, steps: 150, learningRate: 1e-3 };

export interface Assistant {
  readonly policy: GptPolicy;
  readonly tokenizer: Tokenizer;
  /** The questions that it was trained on, and those that no training sees. */
  readonly questions: readonly string[];
  readonly heldOut: readonly string[];
}

export async function trainAssistant(random: Random): Promise<Assistant> {
  const { train, heldOut } = holdOut(additions(largest), heldOutShare, random.split('held out'));
  const statements = additionStatements(train, copies, wrongShare, random.split('statements'));
  const demonstrations = additionDemonstrations(train, copies, wrongShare, random.split('demonstrations'));
  // every number that is said of any addition, one too many included
  const everyToken = additions(largest + 1).map(
    ({ a, b }) => `${additionQuestion(a, b)} ${a}+${b} is ${a + b}`,
  );
  const tokenizer = createTokenizer(everyToken, 'symbols');
  const vocabularySize = tokenizer.vocabulary.length;
  const policy = createGptPolicy({ ...size, vocabularySize }, random.split('policy'));
  for await (const _ of pretrain(policy, tokenizer, statements, pretraining, random.split('pretrain')));
  for await (const _ of fineTune(policy, tokenizer, demonstrations, fineTuning, random.split('fine-tune')));
  return { policy, tokenizer, questions: questionsOf(train), heldOut: questionsOf(heldOut) };
}

function questionsOf(items: readonly Addition[]): string[] {
  return items.map(({ a, b }) => additionQuestion(a, b));
}
