/** What the temperature at which a policy is sampled does to its answers. */
import { promptOf, respond } from '../../algorithms/rollouts/respond';
import { rolloutLogits } from '../../algorithms/rollouts/rollout';
import { tf } from '../../engine/tensorflow';
import { requireCount } from '../../errors/inputError';
import { isRightSum, maxTokens } from '../../experiments/additionTask';
import type { Assistant } from '../../experiments/assistant';
import { aggregate } from '../../losses/aggregation';
import type { Random } from '../../math/random';
import { mean } from '../../math/statistics';
import { actionEntropy } from '../../models/categorical';

export interface TemperatureRow {
  readonly temperature: number;
  /** The share of all answers that are right. */
  readonly accuracy: number;
  /** The share of questions of whose answers one at least is right. */
  readonly any_right: number;
  /** The share of questions of whose answers some are right and some wrong: where a group's rewards differ. */
  readonly mixed_groups: number;
  /** Different answers among those to one question, mean over questions. */
  readonly distinct: number;
  /** Of the sampled distribution, mean over tokens, in nats; 0 at temperature 0. */
  readonly entropy: number;
}

/**
 * Samples answers to all training questions at each temperature.
 * @param samples answers to each question
 */
export async function* temperatureRows(
  { policy, tokenizer, questions }: Pick<Assistant, 'policy' | 'tokenizer' | 'questions'>,
  temperatures: readonly number[],
  samples: number,
  random: Random,
): AsyncGenerator<TemperatureRow, void> {
  requireCount('samples', samples);
  const asked = questions.flatMap((query) => new Array<string>(samples).fill(query));
  const promptLength = Math.max(...questions.map((query) => promptOf(tokenizer, query).length));
  for (const temperature of temperatures) {
    const options = { maxTokens, temperature };
    const stream = random.split(`temperature ${temperature}`);
    const responses = await respond(policy, tokenizer, asked, promptLength, options, stream);
    const { completions, tokens: _, ...tensors } = responses;
    const uncertainty =
      temperature > 0
        ? tf.tidy(() =>
            aggregate(actionEntropy(rolloutLogits(policy, tensors, temperature)), tensors.mask, 'token-mean'),
          )
        : tf.scalar(0);
    const [entropy] = await uncertainty.data();
    tf.dispose([
      uncertainty,
      ...Object.values(tensors.states),
      tensors.actions,
      tensors.mask,
      tensors.logProbs,
    ]);
    const groups = questions.map((_query, i) => completions.slice(i * samples, (i + 1) * samples));
    const right = groups.map((group) => mean(group.map((answer) => (isRightSum(answer) ? 1 : 0))));
    const share = (has: (rightShare: number) => boolean) => mean(right.map((one) => (has(one) ? 1 : 0)));
    yield {
      temperature,
      accuracy: mean(right),
      any_right: share((one) => one > 0),
      mixed_groups: share((one) => one > 0 && one < 1),
      distinct: mean(groups.map((group) => new Set(group.map(({ response }) => response)).size)),
      entropy: entropy!,
    };
  }
}
