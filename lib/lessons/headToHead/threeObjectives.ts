/** What TRPO, PPO and GRPO make of one token, as its probability moves away from that at which it was sampled. */
import { tf } from '../../engine/tensorflow';
import { refuse } from '../../errors/inputError';
import { clippedSurrogate } from '../../losses/clippedSurrogate';
import { groupRelative } from '../../losses/groupRelative';
import { surrogate } from '../../losses/surrogate';

export interface ObjectiveRow {
  readonly algorithm: 'TRPO' | 'PPO' | 'GRPO';
  /** ρ = π/π_old. */
  readonly ratio: number;
  /** To be maximized, in the unit of the advantage; null where TRPO's constraint forbids the ratio. */
  readonly objective: number | null;
}

export interface ObjectiveOptions {
  readonly advantage: number;
  /** ε, to both sides. */
  readonly clipRange: number;
  /** β of GRPO's KL term; its reference is the policy that sampled. */
  readonly klCoefficient: number;
  /** δ, in nats. */
  readonly maxKl: number;
  /** π_old of the token; everything else that could be said there is one alternative. */
  readonly probability: number;
}

/**
 * The objective of one token over its ratio ρ, from 0.4 to as far as its probability can rise, at most 2.
 *   TRPO: ρÂ where KL(π_old ‖ π) ≤ δ    PPO: min(ρÂ, clip(ρ, 1−ε, 1+ε)Â)    GRPO: PPO's − β k3, k3 = 1/ρ + log ρ − 1
 * @throws InputError for a probability that is not between 0 and 1
 */
export function objectiveRows(options: ObjectiveOptions): ObjectiveRow[] {
  const { advantage, clipRange, klCoefficient, maxKl, probability } = options;
  if (!(probability > 0 && probability < 1)) refuse('probability', probability, 'a number between 0 and 1');
  const most = Math.min(2, 0.999 / probability);
  const ratios = Array.from({ length: 161 }, (_, i) => (40 + i) / 100).filter((ratio) => ratio <= most);
  const range = { clipLow: clipRange, clipHigh: clipRange };
  const losses = tf.tidy(() => {
    const ratio = tf.tensor2d([ratios]);
    const advantages = tf.fill<tf.Rank.R2>([1, ratios.length], advantage);
    const old = tf.zeros<tf.Rank.R2>([1, ratios.length]);
    const mask = tf.ones<tf.Rank.R2>([1, ratios.length]);
    const logRatio = ratio.log<tf.Tensor2D>();
    return [
      surrogate(ratio, advantages),
      clippedSurrogate(ratio, advantages, range),
      groupRelative(logRatio, old, old, advantages, mask, { ...range, klCoefficient }),
    ].map((loss) => Array.from(loss.dataSync()));
  });
  const [trpo, ppo, grpo] = losses.map((loss) => loss.map((value) => -value));
  return ratios.flatMap((ratio, i): ObjectiveRow[] => [
    {
      algorithm: 'TRPO',
      ratio,
      objective: binaryKl(probability, ratio) <= maxKl ? trpo![i]! : null,
    },
    { algorithm: 'PPO', ratio, objective: ppo![i]! },
    { algorithm: 'GRPO', ratio, objective: grpo![i]! },
  ]);
}

/** KL(π_old ‖ π) in nats of a choice between a token, of probability p and then ρp, and one alternative. */
export function binaryKl(probability: number, ratio: number): number {
  const other = 1 - probability;
  return -probability * Math.log(ratio) + other * Math.log(other / (1 - probability * ratio));
}
