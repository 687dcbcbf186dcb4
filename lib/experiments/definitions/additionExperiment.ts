/** Additions that the committed assistant answers, as a task of experiments. */
import type { TokenStates } from '../../models/gptPolicy';
import type { Completion, WeightedReward } from '../../tasks/reward';
import { scoreEach } from '../../tasks/rewards/scoreEach';
import { additionSettings } from '../additionSettings';
import { additionTask, rightSum } from '../additionTask';
import { assistantModels, readAssistant } from '../assistant';
import { judgeReward, readJudge } from '../judge';
import { sizeOf } from './sizeOf';
import type { Configs, TaskDefinition } from './taskDefinition';

/** The committed assistant's questions for training; it is asked 7 more that no training sees. */
export const assistantQuestions = 29;

export interface AdditionExperimentOptions {
  readonly name: string;
  readonly description?: string;
  /**
   * What a response earns: 1 for the right sum, unless said; what the committed judge says; a function of one's own,
   * whose column is `own`; or rewards with their weights. The texts of functions are part of the runs' ids, so that
   * editing one gives other runs; what they take from outside is not.
   */
  readonly reward?: 'rule' | 'judge' | ((completion: Completion) => number) | readonly WeightedReward[];
  /** What is asked in training; the assistant's questions unless said. */
  readonly queries?: readonly string[];
  /** What the preset "lab" says; `additionSettings` unless said, and with the judge a KL to the assistant. */
  readonly settings?: Configs;
}

/** Held out are the questions that the assistant itself never saw. */
export function additionExperiment(options: AdditionExperimentOptions): TaskDefinition<TokenStates> {
  const { name, reward = 'rule', queries } = options;
  const settings = options.settings ?? (reward === 'judge' ? judgeSettings : additionSettings);
  const size = sizeOf(settings, true);
  const read = onceRead(() => readAssistant());
  const rewards = onceRead(async () => rewardsOf(reward));
  return {
    name,
    description:
      options.description ?? `Additions to which the assistant's answers earn the reward of "${name}".`,
    settings,
    // SB3 cuts a rollout into 32 parts, which 144 responses are not
    size: { ...size, ppo: { ...size.ppo, groupSize: 8 } },
    queries: queries?.length ?? assistantQuestions,
    hasReference: true,
    source: JSON.stringify({ reward: sourceOf(reward), queries }),
    open: async (random) => {
      const [assistant, reward] = [await read(), await rewards()];
      const asked = { reward, queries: queries ?? assistant.questions };
      return {
        ...assistantModels(assistant, random),
        task: additionTask(assistant, asked),
        heldOut: additionTask(assistant, { reward, queries: assistant.heldOut }),
      };
    },
  };
}

/** A learned reward can be got around, and wants a KL term. */
const judgeSettings: Configs = {
  ...additionSettings,
  grpo: { ...additionSettings.grpo, klCoefficient: 0.04 },
  ppo: { ...additionSettings.ppo, klCoefficient: 0.04 },
};

type RewardOption = NonNullable<AdditionExperimentOptions['reward']>;

function rewardsOf(reward: RewardOption): readonly WeightedReward[] {
  if (reward === 'rule') return [{ reward: rightSum, weight: 1 }];
  if (reward === 'judge') return [{ reward: judgeReward(readJudge()), weight: 1 }];
  return typeof reward === 'function' ? [{ reward: scoreEach('own', reward), weight: 1 }] : reward;
}

function sourceOf(reward: RewardOption): unknown {
  if (typeof reward === 'string') return reward;
  if (typeof reward === 'function') return reward.toString();
  return reward.map(({ reward: { name, score }, weight }) => ({ name, weight, score: score.toString() }));
}

/** Read when it is first asked for, and shared by the runs from then on; where that fails, the next asks again. */
function onceRead<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Value | undefined;
  return async () => {
    value ??= await read();
    return value;
  };
}
