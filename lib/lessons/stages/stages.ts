/**
 * The three stages of training a language model, one after the other, measured all the way by the same measures: what
 * each is good at, and what it does to the others' aims.
 */
import { fineTune } from '../../algorithms/fineTune';
import { type GrpoConfig, grpo } from '../../algorithms/grpo';
import { pretrain } from '../../algorithms/pretrain';
import { isDue } from '../../algorithms/reinforcementConfig';
import { promptOf, respond } from '../../algorithms/rollouts/respond';
import { imitationLoss } from '../../algorithms/supervised/imitate';
import { nextTokenTargets, seeTokens } from '../../algorithms/supervised/nextTokenTraining';
import type { SupervisedConfig } from '../../algorithms/supervised/supervise';
import { tf } from '../../engine/tensorflow';
import { requireCount } from '../../errors/inputError';
import { additionTask, isRightSum, maxTokens } from '../../experiments/additionTask';
import type { AssistantCorpora } from '../../experiments/assistant';
import type { Random } from '../../math/random';
import { seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import { copyGptPolicy, type GptPolicy } from '../../models/gptPolicy';
import { disposeParameters } from '../../models/parameters';
import { encodeSequence } from '../../models/sequences';

export const stageNames = ['pre-training', 'fine-tuning', 'GRPO'] as const;
export type StageName = (typeof stageNames)[number];
/** What a model is before them. */
export const untrained = 'random weights';

export interface StageSettings {
  readonly pretraining: SupervisedConfig;
  readonly fineTuning: SupervisedConfig;
  readonly grpo: GrpoConfig;
  /** Measurements in each stage, the one at its end included. */
  readonly evaluations: number;
}

export interface StageMeasures {
  /** Cross-entropy of the pre-training texts, in nats a token. */
  readonly statement_loss: number;
  /** Cross-entropy of the demonstrated responses, given their queries, in nats a token. */
  readonly demonstration_loss: number;
  /** Greedy: the share of the questions asked in training whose answer ends in the right sum. */
  readonly accuracy: number;
  /** The same on the questions that no stage sees. */
  readonly held_out_accuracy: number;
  /** The share of greedy answers, over all questions, in the demonstrated form "a+b is c" with the question's a and b. */
  readonly well_formed: number;
}

export interface StageRow extends StageMeasures {
  readonly stage: StageName;
  /** Within the stage; 0 before its first. */
  readonly step: number;
  /** Over all stages. */
  readonly total_step: number;
  /** Each stage counts for 1 however long it is: 1.5 is the middle of the second. */
  readonly stages_done: number;
  /** Mean reward of the step's sampled answers; null outside GRPO. */
  readonly reward: number | null;
}

/** A model as a stage left it. */
export interface StageModel {
  readonly name: string;
  readonly policy: GptPolicy;
}

/**
 * Trains a policy in place through some of the stages, in the order given.
 * @param left a copy of the policy after each stage is added here
 * @returns    a row at each stage's start, and at each of its evaluations
 */
export async function* trainStages(
  policy: GptPolicy,
  corpora: AssistantCorpora,
  stages: readonly StageName[],
  settings: StageSettings,
  random: Random,
  left: StageModel[] = [],
): AsyncGenerator<StageRow, void> {
  requireCount('evaluations', settings.evaluations);
  const measure = stageMeasures(corpora);
  let before = 0;
  let measures = await measure(policy);
  for (const [i, stage] of stages.entries()) {
    const { loop, steps } = stageLoop(policy, corpora, stage, settings, random);
    const every = Math.ceil(steps / settings.evaluations);
    yield { stage, step: 0, total_step: before, stages_done: i, ...measures, reward: null };
    for await (const { step, reward } of loop) {
      if (!isDue(step, every, steps)) continue;
      measures = await measure(policy);
      const row = { stage, step, total_step: before + step, stages_done: i + step / steps };
      yield { ...row, ...measures, reward };
    }
    before += steps;
    left.push({ name: stage, policy: copyGptPolicy(policy) });
  }
}

/** A training that leaves some of the stages out. */
export interface Curriculum {
  readonly name: string;
  /** What it starts from; a copy is trained. */
  readonly from: GptPolicy;
  readonly stages: readonly StageName[];
}

export interface CurriculumRow extends StageMeasures {
  readonly training: string;
}

/** What each training ends with: one row each. */
export async function* trainCurricula(
  curricula: readonly Curriculum[],
  corpora: AssistantCorpora,
  settings: StageSettings,
  random: Random,
): AsyncGenerator<CurriculumRow, void> {
  for (const { name, from, stages } of curricula) {
    const policy = copyGptPolicy(from);
    let row: CurriculumRow | null = null;
    for await (const last of trainStages(policy, corpora, stages, { ...settings, evaluations: 1 }, random)) {
      row = measuresOf(name, last);
    }
    disposeParameters(policy.parameters);
    if (row) yield row;
  }
}

/** What there was before the first stage, and after each. */
export function stageResults(rows: readonly StageRow[]): CurriculumRow[] {
  const ends = stageNames.flatMap((stage) => rows.filter((row) => row.stage === stage).slice(-1));
  const names = ends.map(({ stage }, i) => (i === 0 ? stage : `… and ${stage}`));
  return [
    ...rows.slice(0, 1).map((row) => measuresOf(untrained, row)),
    ...ends.map((row, i) => measuresOf(names[i]!, row)),
  ];
}

function measuresOf(training: string, row: StageMeasures): CurriculumRow {
  const { statement_loss, demonstration_loss, accuracy, held_out_accuracy, well_formed } = row;
  return { training, statement_loss, demonstration_loss, accuracy, held_out_accuracy, well_formed };
}

interface StageLoop {
  readonly steps: number;
  readonly loop: AsyncIterable<{ readonly step: number; readonly reward: number | null }>;
}

/** The streams have the names that `trainAssistant` gives them: the same seed makes the same assistant. */
function stageLoop(
  policy: GptPolicy,
  corpora: AssistantCorpora,
  stage: StageName,
  { pretraining, fineTuning, grpo: config }: StageSettings,
  random: Random,
): StageLoop {
  const { tokenizer, statements, demonstrations } = corpora;
  switch (stage) {
    case 'pre-training': {
      const loop = pretrain(policy, tokenizer, statements, pretraining, random.split('pretrain'));
      return { steps: pretraining.steps, loop: withoutReward(loop) };
    }
    case 'fine-tuning': {
      const loop = fineTune(policy, tokenizer, demonstrations, fineTuning, random.split('fine-tune'));
      return { steps: fineTuning.steps, loop: withoutReward(loop) };
    }
    case 'GRPO': {
      // accuracy is measured here, as in the other stages
      const { steps } = config;
      const own = { ...config, evaluateEvery: steps };
      return { steps, loop: grpo(additionTask(corpora), policy, null, own, random.split('grpo')) };
    }
  }
}

async function* withoutReward(
  rows: AsyncIterable<{ readonly step: number }>,
): AsyncGenerator<{ readonly step: number; readonly reward: null }> {
  for await (const { step } of rows) yield { step, reward: null };
}

function stageMeasures(corpora: AssistantCorpora): (policy: GptPolicy) => Promise<StageMeasures> {
  const { tokenizer, statements, demonstrations, questions, heldOut } = corpora;
  const targets = (examples: readonly { readonly query: string; readonly response: string }[]) =>
    examples.map(({ query, response }) => nextTokenTargets(encodeSequence(tokenizer, query, response)));
  const read = targets(statements.map((response) => ({ query: '', response })));
  const shown = targets(demonstrations);
  const atOnce = 256;
  return async (policy) => {
    const answers = await greedyAnswers(policy, corpora, [...questions, ...heldOut]);
    const [own, unseen] = [answers.slice(0, questions.length), answers.slice(questions.length)];
    return {
      statement_loss: await imitationLoss(policy, seeTokens, read, atOnce),
      demonstration_loss: await imitationLoss(policy, seeTokens, shown, atOnce),
      accuracy: share(own, ({ right }) => right),
      held_out_accuracy: share(unseen, ({ right }) => right),
      well_formed: share(answers, ({ wellFormed }) => wellFormed),
    };
  };
}

function share<Item>(items: readonly Item[], has: (item: Item) => boolean): number {
  return mean(items.map((item) => (has(item) ? 1 : 0)));
}

export interface GreedyAnswer {
  readonly query: string;
  readonly response: string;
  /** By the rule that GRPO is rewarded by: the last number is the sum. */
  readonly right: boolean;
  /** "a+b is c" with the question's a and b, whatever c. */
  readonly wellFormed: boolean;
}

/** A row for each query, and in it the greedy answer of each model: ✓ right in the demonstrated form, (✓) right by the rule alone, ✗ wrong. */
export async function answerTable(
  models: readonly StageModel[],
  corpora: Pick<AssistantCorpora, 'tokenizer' | 'heldOut'>,
  queries: readonly string[],
): Promise<Record<string, string>[]> {
  const columns: [string, GreedyAnswer[]][] = [];
  for (const { name, policy } of models) columns.push([name, await greedyAnswers(policy, corpora, queries)]);
  return queries.map((query, i) => ({
    query,
    split: corpora.heldOut.includes(query) ? 'held out' : 'train',
    ...Object.fromEntries(columns.map(([name, answers]) => [name, marked(answers[i]!)])),
  }));
}

function marked({ response, right, wellFormed }: GreedyAnswer): string {
  return `${response || '(nothing)'} ${right ? (wellFormed ? '✓' : '(✓)') : '✗'}`;
}

/** The likeliest token each time. */
export async function greedyAnswers(
  policy: GptPolicy,
  { tokenizer }: Pick<AssistantCorpora, 'tokenizer'>,
  queries: readonly string[],
): Promise<GreedyAnswer[]> {
  const promptLength = Math.max(...queries.map((query) => promptOf(tokenizer, query).length));
  const options = { maxTokens, temperature: 0 };
  const responses = await respond(policy, tokenizer, queries, promptLength, options, seededRandom(0));
  const { completions, tokens: _, ...tensors } = responses;
  tf.dispose(tensors as unknown as tf.TensorContainer);
  return completions.map((completion) => {
    const { query, response, ended } = completion;
    const asked = query.replace(/^What is (.*)\?$/u, '$1 is ');
    const wellFormed = ended && response.startsWith(asked) && /^\d+$/u.test(response.slice(asked.length));
    return { query, response, right: isRightSum(completion), wellFormed };
  });
}
