/**
 * What becomes of the true reward while a policy earns more and more of a learnt one. Gao et al. 2022, "Scaling laws for
 * reward model overoptimization", arXiv:2210.10760: the proxy is the reward model, the gold reward what it stands for.
 * Here the gold reward is what the annotators saw: 1 for a right sum, or 1/temperature in the nats of the proxy.
 */
import { type GrpoConfig, grpo } from '../../algorithms/grpo';
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
import { annotatorNoise, type Judge, judgeReward } from '../../experiments/judge';
import { aggregate } from '../../losses/aggregation';
import { exactKl } from '../../losses/klDivergence';
import type { Random } from '../../math/random';
import { mean } from '../../math/statistics';
import { copyGptPolicy, type TokenStates } from '../../models/gptPolicy';
import { disposeParameters } from '../../models/parameters';
import type { Policy } from '../../models/policy';

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
  const request = { queries: assistant.questions.length, groupSize: answers, temperature: 1 };
  const rollout = await rollOut(judgedTask(assistant, judge), assistant.policy, request, random);
  disposeRollout(rollout);
  return judgedAnswers(rollout.trajectories);
}

export interface ProxyGoldRow {
  readonly step: number;
  /**
   * KL(π‖π_ref) of a whole response, in nats: the exact KL of each token's distribution, summed over the response and
   * averaged over the step's responses.
   */
  readonly kl: number;
  /** d = √KL. */
  readonly distance: number;
  /** Mean scores of the step's responses, in nats. */
  readonly proxy: number;
  readonly gold: number;
}

/**
 * GRPO on the judge's score from a copy of the assistant: a row a step, of the responses sampled before its update.
 * @param last the answers of the last step are added here
 */
export async function* proxyAndGold(
  assistant: Assistant,
  judge: Judge,
  config: GrpoConfig,
  random: Random,
  last: JudgedAnswer[] = [],
): AsyncGenerator<ProxyGoldRow, void> {
  const task = judgedTask(assistant, judge);
  let answers: JudgedAnswer[] = [];
  let whole = 0;
  const watched: Task<TokenStates> = {
    ...task,
    rollOut: async (acting, request, stream) => {
      const rollout = await task.rollOut(acting, request, stream);
      answers = judgedAnswers(rollout.trajectories);
      const actions = rollout.trajectories.reduce((sum, { actions }) => sum + actions.length, 0);
      const reference = rolloutLogits(assistant.policy, rollout, request.temperature);
      const tokenKl = await klFrom(reference, acting, rollout, request.temperature);
      whole = (tokenKl * actions) / rollout.trajectories.length;
      return rollout;
    },
    // what was sampled tells both rewards already
    evaluate: async () => ({ accuracy: Number.NaN, reward: Number.NaN, length: Number.NaN }),
  };
  const policy = copyGptPolicy(assistant.policy);
  try {
    for await (const { step } of grpo(watched, policy, null, config, random)) {
      const proxy = mean(answers.map((answer) => answer.proxy));
      const gold = mean(answers.map((answer) => answer.gold));
      yield { step, kl: whole, distance: Math.sqrt(whole), proxy, gold };
    }
    last.push(...answers);
  } finally {
    disposeParameters(policy.parameters);
  }
}

/** The exact KL(π‖π_ref), mean over a rollout's actions, in nats. */
async function klFrom(
  reference: tf.Tensor3D,
  policy: Policy<TokenStates>,
  rollout: Rollout<TokenStates>,
  temperature: number,
): Promise<number> {
  const kl = tf.tidy(() =>
    aggregate(exactKl(rolloutLogits(policy, rollout, temperature), reference), rollout.mask, 'token-mean'),
  );
  const [value] = await kl.data();
  tf.dispose([kl, reference]);
  return value!;
}

/** The judge's score is the reward; the rule looks on. */
function judgedTask(assistant: Assistant, judge: Judge): Task<TokenStates> {
  return additionTask(assistant, {
    reward: [
      { reward: judgeReward(judge), weight: 1 },
      { reward: rightSum, weight: 0 },
    ],
  });
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
export function gainRows(rows: readonly (ProxyGoldRow & { readonly seed: number })[]): GainRow[] {
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
