/** What several sets of choices make of one batch: each token's advantage, loss and gradient, side by side. */
import { tf } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
import { aggregate } from '../losses/aggregation';
import { importanceRatio } from '../losses/importanceRatio';
import { type RatioColumns, ratioDiagnostics } from '../losses/ratioDiagnostics';
import { type Choices, type ComparisonBatch, readChoices, type Update } from './presets/presetUpdate';
import { padRows } from './rollouts/rows';
import { meanK3 } from './updates/reference';

type NumberRows = readonly (readonly number[])[];

/** One update of the policy. The entropy bonus is left out, since it takes more than the tokens' log-probs. */
export interface PresetRow extends RatioColumns {
  readonly preset: string;
  readonly algorithm: Update['algorithm'];
  /** What the policy minimizes. */
  readonly loss: number;
  /** Euclidean norm of the loss's gradient by the tokens' log-probs: not by a model's parameters. */
  readonly grad_norm: number;
  /** k3 of the policy that sampled from the reference, mean over tokens, in nats; null without a reference. */
  readonly kl: number | null;
  /** What the critic minimizes, and the norm of its gradient by the values; null without a critic. */
  readonly value_loss: number | null;
  readonly value_grad_norm: number | null;
}

/** One token. Over all tokens of a preset, weight · loss sums to its loss. */
export interface PresetTokenRow {
  readonly preset: string;
  /** Counts from 0. */
  readonly response: number;
  /** Counts from 0. */
  readonly position: number;
  readonly advantage: number;
  readonly ratio: number;
  /** Of this token by itself, with the KL term where that stands in the loss. */
  readonly loss: number;
  /** How much the aggregation makes it count. */
  readonly weight: number;
  /** Of the preset's loss, by this token's log-prob. */
  readonly gradient: number;
  /** What the critic is to learn, and its loss's gradient by the value; null without a critic. */
  readonly return: number | null;
  readonly value_gradient: number | null;
}

export interface Comparison {
  readonly presets: PresetRow[];
  readonly tokens: PresetTokenRow[];
}

/**
 * Applies each set of choices to the same batch, through the functions that the training loops call.
 * @param choices presets.trl.grpo, { ...presets.trl.grpo, clipHigh: 0.28 }, …, by the names that their rows are to have
 * @throws InputError where the batch's rows differ in length, or it lacks what a choice asks for
 */
export async function comparePresets(
  batch: ComparisonBatch,
  choices: Readonly<Record<string, Choices>>,
): Promise<Comparison> {
  checkRows(batch);
  const { rewards, oldLogProbs, refLogProbs } = batch;
  const kl = refLogProbs && oldLogProbs.map((row, b) => row.map((old, t) => old - refLogProbs[b]![t]!));
  const comparison: Comparison = { presets: [], tokens: [] };
  for (const [preset, choice] of Object.entries(choices)) {
    const update = readChoices(preset, choice, batch, kl);
    const { measured, perToken } = await measure(update, batch);
    comparison.presets.push({ preset, algorithm: update.algorithm, ...measured, kl: kl && meanK3(kl) });
    rewards.forEach((row, b) => {
      row.forEach((_, t) => {
        const at = (rows: NumberRows | null = null) => rows && rows[b]![t]!;
        comparison.tokens.push({
          preset,
          response: b,
          position: t,
          advantage: update.advantages[b]![t]!,
          ratio: perToken.ratio[b]![t]!,
          loss: perToken.loss[b]![t]!,
          weight: perToken.weight[b]![t]!,
          gradient: perToken.gradient[b]![t]!,
          return: at(update.critic?.returns),
          value_gradient: at(perToken.valueGradient),
        });
      });
    });
  }
  return comparison;
}

/** The update's numbers, as scalars and as [B, T] rows that are padded to the longest response. */
async function measure(update: Update, { rewards, logProbs, oldLogProbs, values }: ComparisonBatch) {
  const [scalars, matrices] = tf.tidy(() => {
    const pad = (rows: NumberRows) => padRows(rows, Math.max(...rewards.map((row) => row.length)));
    const mask = pad(rewards.map((row) => row.map(() => 1)));
    const [now, old, advantages] = [pad(logProbs), pad(oldLogProbs), pad(update.advantages)];
    const tensors = { oldLogProbs: old, advantages, mask, pad };
    const { value: loss, grad: gradient } = tf.valueAndGrad((x) => update.loss(x as tf.Tensor2D, tensors))(
      now,
    );
    const weight = tf.grad((x) => aggregate(x as tf.Tensor2D, mask, update.aggregation, update.maxLength))(
      tf.zerosLike(mask),
    );
    const perToken = [
      importanceRatio(now, old, mask, update.range.ratio ?? 'token'),
      update.tokenLoss(now, tensors),
      weight,
      gradient,
    ];
    const norm = (x: tf.Tensor) => x.square().sum().sqrt();
    const told: Record<string, tf.Tensor> = {
      loss,
      grad_norm: norm(gradient),
      ...ratioDiagnostics(now, old, advantages, mask, update.range),
    };
    if (update.critic && values) {
      const { critic } = update;
      const fit = tf.valueAndGrad((x) => critic.loss(x as tf.Tensor2D, tensors))(pad(values));
      perToken.push(fit.grad as tf.Tensor2D);
      Object.assign(told, { value_loss: fit.value, value_grad_norm: norm(fit.grad) });
    }
    return [told, perToken];
  }) as unknown as [Record<string, tf.Scalar>, tf.Tensor2D[]];
  const named = await Promise.all(
    Object.entries(scalars).map(async ([name, scalar]) => [name, (await scalar.data())[0]!] as const),
  );
  const [ratio, loss, weight, gradient, valueGradient = null] = await Promise.all(
    matrices.map((matrix) => matrix.array()),
  );
  tf.dispose([Object.values(scalars), matrices]);
  const measured = { value_loss: null, value_grad_norm: null, ...Object.fromEntries(named) };
  return {
    measured: measured as Omit<PresetRow, 'preset' | 'algorithm' | 'kl'>,
    perToken: { ratio: ratio!, loss: loss!, weight: weight!, gradient: gradient!, valueGradient },
  };
}

function checkRows(batch: ComparisonBatch): void {
  const { rewards } = batch;
  if (rewards.length === 0) throw new InputError('the batch has no response to compare on.');
  for (const name of ['logProbs', 'oldLogProbs', 'refLogProbs', 'values', 'oldValues'] as const) {
    const rows = batch[name];
    if (rows === null) continue;
    if (rows.length !== rewards.length) {
      throw new InputError(
        `${name} has ${rows.length} rows for ${rewards.length} responses; expected as many.`,
      );
    }
    const wrong = rows.findIndex((row, b) => row.length !== rewards[b]!.length);
    if (wrong === -1) continue;
    throw new InputError(
      `row ${wrong} of ${name} has length ${rows[wrong]!.length}; expected ${rewards[wrong]!.length}, one number for each token that has a reward.`,
    );
  }
}
