/**
 * What becomes of the true reward while a policy earns more and more of a learnt one. Gao et al. 2022, "Scaling laws for
 * reward model overoptimization", arXiv:2210.10760: the proxy is the reward model, the gold reward what it stands for.
 * Here the gold reward is what the annotators saw: 1 for a right sum, or 1/temperature in the nats of the proxy.
 */
import { createHash } from 'node:crypto';
import type { CompletionRow } from '../../algorithms/rollouts/completionRows';
import {
  disposeRollout,
  type Rollout,
  rollOut,
  rolloutLogits,
  type Task,
  type Trajectory,
} from '../../algorithms/rollouts/rollout';
import { tf } from '../../engine/tensorflow';
import { additionTask, rightSum } from '../../experiments/additionTask';
import type { Assistant } from '../../experiments/assistant';
import { additionExperiment } from '../../experiments/definitions/additionExperiment';
import type { TrainingRow } from '../../experiments/definitions/algorithmDefinition';
import type { TaskDefinition } from '../../experiments/definitions/taskDefinition';
import { annotatorNoise, type Judge, judgeReward } from '../../experiments/judge';
import { exactKl } from '../../losses/klDivergence';
import type { Random } from '../../math/random';
import { mean } from '../../math/statistics';
import type { TokenStates } from '../../models/gptPolicy';
import type { Policy } from '../../models/policy';
import type { WeightedReward } from '../../tasks/reward';

export interface JudgedAnswer {
  readonly query: string;
  readonly response: string;
  /** The judge's score, in nats. */
  readonly proxy: number;
  /** 1/temperature for a right sum, else 0: the score that the annotators sorted by, in nats. */
  readonly gold: number;
}

/** Answers of the assistant itself to each of its questions. */
export async function assistantAnswers(
  assistant: Assistant,
  judge: Judge,
  answers: number,
  random: Random,
): Promise<JudgedAnswer[]> {
  const task = additionTask(assistant, { reward: judgedRewards(judge) });
  const request = { queries: assistant.questions.length, groupSize: answers, temperature: 1 };
  const rollout = await rollOut(task, assistant.policy, request, random);
  disposeRollout(rollout);
  return judgedAnswers(rollout.trajectories);
}

/**
 * The assistant's additions, for which a judge's score is the reward and the rule looks on. The runs' rows have
 * `score_model` and `score_correct`, the two rewards, and `score_kl`: the exact KL(π‖π_ref) of each token's
 * distribution, summed over a response. The estimate of it in the column `kl` would do while the policy is near the
 * assistant; far from it k3 is an average of few large numbers that a rollout seldom has.
 * @param judge whose parameters are part of the runs' ids: another judge, another run
 */
export function judgedAdditions(name: string, judge: Judge): TaskDefinition<TokenStates> {
  const definition = additionExperiment({ name, reward: judgedRewards(judge) });
  return {
    ...definition,
    source: JSON.stringify({ additions: definition.source, judge: digestOf(judge) }),
    open: async (random) => {
      const open = await definition.open(random);
      return { ...open, task: withKl(open.task, open.reference!) };
    },
  };
}

function digestOf({ model }: Judge): string {
  return createHash('sha256').update(model.parameters.vector.dataSync()).digest('hex').slice(0, 16);
}

/** The task, whose trajectories tell beside their scores how far they are from the reference. */
function withKl(task: Task<TokenStates>, reference: Policy<TokenStates>): Task<TokenStates> {
  return {
    ...task,
    rollOut: async (policy, request, random) => {
      const rollout = await task.rollOut(policy, request, random);
      const kl = await responseKl(policy, reference, rollout, request.temperature);
      const trajectories = rollout.trajectories.map((trajectory, i) => ({
        ...trajectory,
        scores: { ...trajectory.scores, kl: kl[i]! },
      }));
      return { ...rollout, trajectories };
    },
  };
}

/** KL(π‖π_ref) of each response: exact at each token, summed, in nats. */
async function responseKl(
  policy: Policy<TokenStates>,
  reference: Policy<TokenStates>,
  rollout: Rollout<TokenStates>,
  temperature: number,
): Promise<number[]> {
  const kl = tf.tidy(() => {
    const logits = rolloutLogits(policy, rollout, temperature);
    return exactKl(logits, rolloutLogits(reference, rollout, temperature))
      .mul(rollout.mask)
      .sum(1);
  });
  const values = await kl.data();
  kl.dispose();
  return Array.from(values);
}

export interface ProxyGoldRow {
  readonly seed: number;
  readonly step: number;
  /** KL(π‖π_ref) of a whole response, in nats, mean over the step's responses. */
  readonly kl: number;
  /** d = √KL. */
  readonly distance: number;
  /** Mean scores of the step's responses, in nats. */
  readonly proxy: number;
  readonly gold: number;
}

/** @param rows of runs on `judgedAdditions`: of the responses sampled before a step's update */
export function proxyAndGold(rows: readonly (TrainingRow & { readonly seed: number })[]): ProxyGoldRow[] {
  return rows.map(({ seed, step, score_kl, score_model, score_correct }) => ({
    seed,
    step,
    kl: score_kl!,
    distance: Math.sqrt(score_kl!),
    proxy: score_model!,
    gold: score_correct! / annotatorNoise,
  }));
}

/** What a run on `judgedAdditions` answered at its last step. */
export function lastAnswers(completions: readonly CompletionRow[]): JudgedAnswer[] {
  const last = completions.at(-1)?.step;
  return completions
    .filter(({ step }) => step === last)
    .map(({ query, response, score_model, score_correct }) => ({
      query,
      response,
      proxy: score_model!,
      gold: score_correct! / annotatorNoise,
    }));
}

/** The judge's score is the reward; the rule looks on. */
function judgedRewards(judge: Judge): WeightedReward[] {
  return [
    { reward: judgeReward(judge), weight: 1 },
    { reward: rightSum, weight: 0 },
  ];
}

function judgedAnswers(trajectories: readonly Trajectory[]): JudgedAnswer[] {
  return trajectories.map(({ query, response, scores }) => ({
    query,
    response,
    proxy: scores.model!,
    gold: scores.correct! / annotatorNoise,
  }));
}

export interface GainRow {
  readonly seed: number;
  readonly step: number;
  /** √KL at this step, mean over seeds, so that their curves share an axis. */
  readonly distance: number;
  readonly reward: 'proxy' | 'gold';
  /** Above what the assistant earned at the first step, in nats. */
  readonly gain: number;
}

/**
 * Both rewards of all runs as gains, one row each, in the order of the distance; only steps that every run has reached.
 */
export function gainRows(rows: readonly ProxyGoldRow[]): GainRow[] {
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const gains = rows.flatMap(({ seed, step, proxy, gold }): GainRow[] => {
    const all = rows.filter((row) => row.step === step);
    const start = rows.find((row) => row.seed === seed)!;
    if (all.length < seeds) return [];
    const at = { seed, step, distance: mean(all.map((row) => row.distance)) };
    return [
      { ...at, reward: 'proxy', gain: proxy - start.proxy },
      { ...at, reward: 'gold', gain: gold - start.gold },
    ];
  });
  return gains.sort((a, b) => a.distance - b.distance);
}
