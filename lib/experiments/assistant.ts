/**
 * The assistant of the experiments: a small GPT that has read statements and demonstrations of additions, of which half
 * count one too many. Its likeliest answer is right for about half of the questions, and the right one is never far:
 * reinforcement learning has something to mend, and something to find it with.
 */
import { fineTune } from '../algorithms/fineTune';
import { pretrain } from '../algorithms/pretrain';
import type { Random } from '../math/random';
import type { GptConfig } from '../models/gpt';
import { copyGptPolicy, createGptPolicy, type GptPolicy } from '../models/gptPolicy';
import { createTokenizer, type Tokenizer } from '../models/tokenizer';
import { createValueModel, type ValueModel } from '../models/valueModel';
import {
  type Addition,
  additionDemonstrations,
  additionStatements,
  additions,
  type Demonstration,
  holdOut,
} from '../tasks/additionCorpora';
import { additionQuestion } from '../tasks/arithmetic';
import { readQuestions } from '../tasks/corpora';
import { loadLanguageModel } from './loadLanguageModel';

/** The committed assistant is the one of this seed. */
export const assistantSeed = 1;
/** Where `npm run data` puts it. */
export const assistantFolder = 'data/assistant';

export interface AssistantRecipe {
  /** Both numbers of an addition are 0 … largest. */
  readonly largest: number;
  /** The share of the questions that no training sees. */
  readonly heldOutShare: number;
  /** The share of the texts that count one too many. */
  readonly wrongShare: number;
  /** Statements of each addition, and demonstrations of each question. */
  readonly copies: number;
  readonly size: Omit<GptConfig, 'vocabularySize'>;
}

export const assistantRecipe: AssistantRecipe = {
  largest: 5,
  heldOutShare: 0.2,
  wrongShare: 0.5,
  copies: 5,
  // the longest question, the separator and the longest answer with its end take 14 tokens
  size: { contextLength: 16, layers: 1, heads: 4, width: 64 },
};

const supervised = { batchSize: 64, warmupSteps: 20, maxGradNorm: 1, schedule: 'cosine' } as const;
export const pretraining = { ...supervised, steps: 300, learningRate: 3e-3 };
export const fineTuning = { ...supervised, steps: 150, learningRate: 1e-3 };

/** What it reads, and what it is asked. */
export interface AssistantCorpora {
  readonly tokenizer: Tokenizer;
  /** For pre-training: "2+3 is 5". */
  readonly statements: readonly string[];
  /** For fine-tuning: "What is 2+3?" with "2+3 is 5". */
  readonly demonstrations: readonly Demonstration[];
  /** The questions that the corpora answer, and those that no training sees. */
  readonly questions: readonly string[];
  readonly heldOut: readonly string[];
}

export interface Assistant extends Pick<AssistantCorpora, 'tokenizer' | 'questions' | 'heldOut'> {
  readonly policy: GptPolicy;
}

/** @param random the stream that `trainAssistant` gets, for the same corpora */
export function assistantCorpora(
  random: Random,
  { largest, heldOutShare, wrongShare, copies }: AssistantRecipe = assistantRecipe,
): AssistantCorpora {
  const { train, heldOut } = holdOut(additions(largest), heldOutShare, random.split('held out'));
  // every number that is said of any addition, one too many included
  const everyToken = additions(largest + 1).map(
    ({ a, b }) => `${additionQuestion(a, b)} ${a}+${b} is ${a + b}`,
  );
  return {
    tokenizer: createTokenizer(everyToken, 'symbols'),
    statements: additionStatements(train, copies, wrongShare, random.split('statements')),
    demonstrations: additionDemonstrations(train, copies, wrongShare, random.split('demonstrations')),
    questions: questionsOf(train),
    heldOut: questionsOf(heldOut),
  };
}

/** The assistant before it has read anything. */
export function untrainedAssistant(
  { tokenizer }: Pick<AssistantCorpora, 'tokenizer'>,
  random: Random,
  { size }: AssistantRecipe = assistantRecipe,
): GptPolicy {
  return createGptPolicy({ ...size, vocabularySize: tokenizer.vocabulary.length }, random.split('policy'));
}

export async function trainAssistant(
  random: Random,
  recipe: AssistantRecipe = assistantRecipe,
): Promise<Assistant> {
  const corpora = assistantCorpora(random, recipe);
  const { tokenizer, statements, demonstrations, questions, heldOut } = corpora;
  const policy = untrainedAssistant(corpora, random, recipe);
  for await (const _ of pretrain(policy, tokenizer, statements, pretraining, random.split('pretrain')));
  for await (const _ of fineTune(policy, tokenizer, demonstrations, fineTuning, random.split('fine-tune')));
  return { policy, tokenizer, questions, heldOut };
}

/**
 * The committed assistant, trained already; a new copy each time, so that training one leaves the next as it was.
 * @throws InputError where the folder does not hold one
 */
export async function readAssistant(folder: string = assistantFolder): Promise<Assistant> {
  const { model: policy, tokenizer } = loadLanguageModel(folder, 'gpt-policy');
  const questions = await readQuestions(`${folder}/questions.jsonl`);
  const of = (wanted: string) => questions.filter(({ split }) => split === wanted).map(({ query }) => query);
  return { policy, tokenizer, questions: of('train'), heldOut: of('held out') };
}

/** What TRPO and PPO train, and what it begins as. */
export interface AssistantModels {
  readonly policy: GptPolicy;
  readonly critic: ValueModel;
  readonly reference: GptPolicy;
}

/** A copy of the assistant to train, a critic on a trunk like its own, and the assistant itself as reference. */
export function assistantModels(
  { policy: reference }: Pick<Assistant, 'policy'>,
  random: Random,
): AssistantModels {
  const policy = copyGptPolicy(reference);
  const critic = createValueModel(policy.config, random.split('critic'), {
    parameters: policy.parameters,
    train: 'whole',
  });
  return { policy, critic, reference };
}

function questionsOf(items: readonly Addition[]): string[] {
  return items.map(({ a, b }) => additionQuestion(a, b));
}
