/**
 * A reward model of the assistant's answers. It never sees a sum: annotators with Bradley–Terry noise say which of two
 * answers they prefer, the right one in its usual words or another.
 *
 * What is not among the others is not learnt to be worse, and a policy finds it: with the assistant's own answers alone
 * as others, GRPO drove the score up and the accuracy to nothing. So they are also drawn at higher temperatures, and
 * every wrong sum is among them.
 */
import { promptOf, respond } from '../../lib/algorithms/rollouts/respond';
import {
  encodeRankings,
  type RewardModelConfig,
  trainRewardModel,
} from '../../lib/algorithms/trainRewardModel';
import { tf } from '../../lib/engine/tensorflow';
import type { Random } from '../../lib/math/random';
import { createRewardModel, type RewardModel } from '../../lib/models/rewardModel';
import { annotate } from '../../lib/tasks/annotators';
import { additionAnswer } from '../../lib/tasks/arithmetic';
import type { Ranking } from '../../lib/tasks/rankings';
import { type Assistant, largest } from './assistant';

/** The gold score of the right answer is 1, of any other 0; annotators see them through noise of this temperature. */
const noise = 0.25;
/** Temperatures, and how many answers to each question are drawn at each. */
const answersAt = [
  [1, 32],
  [1.5, 16],
  [2, 16],
] as const;

const training: RewardModelConfig = {
  steps: 1200,
  batchSize: 64,
  learningRate: 1e-3,
  warmupSteps: 20,
  weightDecay: 0.01,
  maxGradNorm: 1,
  centering: 0.01,
  evaluateEvery: 1200,
};

export interface Judge {
  readonly model: RewardModel;
  /** On preferences about questions that no training saw; the annotators' noise allows σ(1/0.25) = 0.982. */
  readonly accuracy: number;
}

export async function trainJudge(assistant: Assistant, maxTokens: number, random: Random): Promise<Judge> {
  const { policy, tokenizer, questions, heldOut } = assistant;
  const preferences = async (queries: readonly string[], name: string) =>
    encodeRankings(tokenizer, await collectPreferences(assistant, queries, maxTokens, random.split(name)));
  const model = createRewardModel(policy.config, random.split('model'), {
    parameters: policy.parameters,
    train: 'whole',
  });
  const train = await preferences(questions, 'train');
  const others = await preferences(heldOut, 'held out');
  let accuracy = 0;
  for await (const row of trainRewardModel(model, train, others, training, random.split('steps'))) {
    accuracy = row.held_out_accuracy ?? accuracy;
  }
  return { model, accuracy };
}

/** One preference for each answer to each question that is not the right one. */
async function collectPreferences(
  { policy, tokenizer }: Assistant,
  queries: readonly string[],
  maxTokens: number,
  random: Random,
): Promise<Ranking[]> {
  const others = new Map(queries.map((query) => [query, allSums(query)]));
  const promptLength = Math.max(...queries.map((query) => promptOf(tokenizer, query).length));
  for (const [temperature, count] of answersAt) {
    const asked = queries.flatMap((query) => new Array<string>(count).fill(query));
    const options = { maxTokens, temperature };
    const drawn = random.split(`answers at ${temperature}`);
    const responses = await respond(policy, tokenizer, asked, promptLength, options, drawn);
    const { completions, tokens: _, ...tensors } = responses;
    tf.dispose(tensors as unknown as tf.TensorContainer);
    for (const { query, response } of completions) if (response !== '') others.get(query)!.push(response);
  }
  return queries.flatMap((query) => {
    const right = rightAnswer(query);
    const annotator = random.split('annotator').split(query);
    return others
      .get(query)!
      .filter((other) => other !== right)
      .map((other) => ({ query, responses: [right, other], ranks: annotate([1, 0], noise, annotator) }));
  });
}

const sumOf = (query: string) => query.replace(/^What is (.*)\?$/u, '$1');

function rightAnswer(query: string): string {
  return `${sumOf(query)} is ${additionAnswer(query)}`;
}

function allSums(query: string): string[] {
  return Array.from({ length: 2 * largest + 1 }, (_, sum) => `${sumOf(query)} is ${sum}`);
}
