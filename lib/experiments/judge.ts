/**
 * A reward model of the assistant's answers. It never sees a sum: annotators with Bradley–Terry noise say which of two
 * answers they prefer, the right one in its usual words or another.
 *
 * What is not among the others is not learnt to be worse, and a policy finds it: with the assistant's own answers alone
 * to rank, the judge's score rises and the accuracy falls, as Gao et al. 2022, arXiv:2210.10760, measured it ("reward
 * model overoptimization"). So for a judge to rely on they are also drawn at higher temperatures, and every wrong sum is
 * among them.
 */
import { modelReward } from '../algorithms/rollouts/modelReward';
import { promptOf, respond } from '../algorithms/rollouts/respond';
import {
  type EncodedRanking,
  encodeRankings,
  type RewardModelConfig,
  trainRewardModel,
} from '../algorithms/trainRewardModel';
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { createRewardModel, type RewardModel } from '../models/rewardModel';
import type { Tokenizer } from '../models/tokenizer';
import { annotate } from '../tasks/annotators';
import { additionAnswer } from '../tasks/arithmetic';
import type { Ranking } from '../tasks/rankings';
import type { Reward } from '../tasks/reward';
import { maxTokens } from './additionTask';
import type { Assistant } from './assistant';
import { loadLanguageModel } from './loadLanguageModel';

/** Where `npm run data` puts the committed judge, which ranked every answer. */
export const judgeFolder = 'data/judge';

/** The gold score of the right answer is 1, of any other 0; annotators see them through noise of this temperature. */
export const annotatorNoise = 0.25;

/** Temperatures, and how many answers to each question are drawn at each. */
const answersAt = {
  own: [[1, 32]],
  every: [
    [1, 32],
    [1.5, 16],
    [2, 16],
  ],
} as const;

/** Below each score of a judge: centred as they are, they stay within ±5. */
const unreadable = -10;

export interface JudgeOptions {
  /** What the right answer is ranked beside: the assistant's own answers alone, or every wrong sum too. */
  readonly others: 'own' | 'every';
  readonly steps: number;
  /** Longest answer drawn, the end included; what the task allows unless said. */
  readonly maxTokens?: number;
}

/** A judge to rely on, and one that a policy gets around. */
export const strongJudge: JudgeOptions = { others: 'every', steps: 800 };
export const weakJudge: JudgeOptions = { others: 'own', steps: 300 };

export interface Judge {
  readonly model: RewardModel;
  readonly tokenizer: Tokenizer;
}

export interface TrainedJudge extends Judge {
  /** On preferences about questions that no training saw; the annotators' noise allows σ(1/0.25) = 0.982. */
  readonly accuracy: number;
}

/** What trainRewardModel needs, for a notebook that shows its rows. */
export interface JudgeLesson {
  /** On a copy of the assistant's trunk. */
  readonly model: RewardModel;
  readonly train: readonly EncodedRanking[];
  readonly heldOut: readonly EncodedRanking[];
  readonly config: RewardModelConfig;
}

export async function judgeLesson(
  assistant: Assistant,
  random: Random,
  options: JudgeOptions = strongJudge,
): Promise<JudgeLesson> {
  const { policy, tokenizer, questions, heldOut } = assistant;
  const preferences = async (queries: readonly string[], name: string) =>
    encodeRankings(tokenizer, await collectPreferences(assistant, queries, options, random.split(name)));
  return {
    model: createRewardModel(policy.config, random.split('model'), {
      parameters: policy.parameters,
      train: 'whole',
    }),
    train: await preferences(questions, 'train'),
    heldOut: await preferences(heldOut, 'held out'),
    config: {
      steps: options.steps,
      batchSize: 64,
      learningRate: 1e-3,
      warmupSteps: 20,
      weightDecay: 0.01,
      maxGradNorm: 1,
      centering: 0.01,
      evaluateEvery: options.steps,
    },
  };
}

export async function trainJudge(
  assistant: Assistant,
  random: Random,
  options: JudgeOptions = strongJudge,
): Promise<TrainedJudge> {
  const { model, train, heldOut, config } = await judgeLesson(assistant, random, options);
  let accuracy = 0;
  for await (const row of trainRewardModel(model, train, heldOut, config, random.split('steps'))) {
    accuracy = row.held_out_accuracy ?? accuracy;
  }
  return { model, tokenizer: assistant.tokenizer, accuracy };
}

/**
 * The committed judge, trained already.
 * @throws InputError where the folder does not hold one
 */
export function readJudge(folder: string = judgeFolder): Judge {
  return loadLanguageModel(folder, 'reward-model');
}

/** The judge's score of an answer, in nats, in the column `model`. */
export function judgeReward({ model, tokenizer }: Judge): Reward {
  return modelReward(model, tokenizer, { unreadable });
}

/** One preference for each answer to each question that is not the right one. */
async function collectPreferences(
  assistant: Assistant,
  queries: readonly string[],
  options: JudgeOptions,
  random: Random,
): Promise<Ranking[]> {
  const others = await otherAnswers(assistant, queries, options, random);
  return queries.flatMap((query) => {
    const right = rightAnswer(query);
    const annotator = random.split('annotator').split(query);
    const ranks = () => annotate([1, 0], annotatorNoise, annotator);
    return others
      .get(query)!
      .filter((other) => other !== right)
      .map((other) => ({ query, responses: [right, other], ranks: ranks() }));
  });
}

/** By question, what its right answer is ranked beside; the right one may be among them. */
async function otherAnswers(
  { policy, tokenizer, questions, heldOut }: Assistant,
  queries: readonly string[],
  { others, maxTokens: longest = maxTokens }: JudgeOptions,
  random: Random,
): Promise<Map<string, string[]>> {
  const largestSum = Math.max(...[...questions, ...heldOut].map(additionAnswer));
  const found = new Map(
    queries.map((query) => [query, others === 'every' ? allSums(query, largestSum) : []]),
  );
  const promptLength = Math.max(...queries.map((query) => promptOf(tokenizer, query).length));
  for (const [temperature, count] of answersAt[others]) {
    const asked = queries.flatMap((query) => new Array<string>(count).fill(query));
    const sampling = { maxTokens: longest, temperature };
    const drawn = random.split(`answers at ${temperature}`);
    const responses = await respond(policy, tokenizer, asked, promptLength, sampling, drawn);
    const { completions, tokens: _, ...tensors } = responses;
    tf.dispose(tensors as unknown as tf.TensorContainer);
    for (const { query, response } of completions) if (response !== '') found.get(query)!.push(response);
  }
  return found;
}

const sumOf = (query: string) => query.replace(/^What is (.*)\?$/u, '$1');

function rightAnswer(query: string): string {
  return `${sumOf(query)} is ${additionAnswer(query)}`;
}

function allSums(query: string, largest: number): string[] {
  return Array.from({ length: largest + 1 }, (_, sum) => `${sumOf(query)} is ${sum}`);
}
