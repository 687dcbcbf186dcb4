/** PPO's clipped surrogate token by token: in plain arithmetic, for reading beside the library, and by the library. */
import { tf } from '../../engine/tensorflow';
import { refuse } from '../../errors/inputError';
import { clippedSurrogateLoss } from '../../losses/clippedSurrogate';
import { fifteenDigits } from '../../math/statistics';

export interface ClipToken {
  readonly token: string;
  /** ρ = π/π_old. */
  readonly ratio: number;
  readonly advantage: number;
}

/** Both signs of the advantage, each with a ratio above, near and below 1, so that each case of the clip occurs. */
export const clipExample: readonly ClipToken[] = [
  { token: '2+2', ratio: 1.5, advantage: 1 },
  { token: 'is', ratio: 1.1, advantage: 2 },
  { token: '4', ratio: 0.7, advantage: 1 },
  { token: '7', ratio: 0.7, advantage: -1 },
  { token: 'or', ratio: 0.9, advantage: -0.5 },
  { token: 'so', ratio: 1.5, advantage: -1 },
];

export interface ClippedTermRow extends ClipToken {
  readonly ratio_times_advantage: number;
  /** clip(ρ, 1−ε, 1+ε). */
  readonly clipped_ratio: number;
  readonly clipped_times_advantage: number;
  /** The lesser of the two products: what the objective takes the mean of. */
  readonly objective: number;
  /** Whether the clip takes this token's gradient away. */
  readonly clipped: boolean;
  /** Of the loss by this token's log π: −ρÂ/N, or 0. */
  readonly gradient: number;
}

/** @throws InputError for an ε that is not above 0 */
export function requireClipRange(clipRange: number): void {
  if (!(clipRange > 0)) refuse('clipRange', clipRange, 'a number above 0');
}

/**
 * The terms of J = mean_t min(ρ_t Â_t, clip(ρ_t, 1−ε, 1+ε) Â_t). Schulman et al. 2017, eq. 7, arXiv:1707.06347.
 * @param clipRange ε above 0
 */
export function clippedTerms(tokens: readonly ClipToken[], clipRange: number): ClippedTermRow[] {
  requireClipRange(clipRange);
  return tokens.map(({ token, ratio, advantage }) => {
    const clipped_ratio = fifteenDigits(Math.min(1 + clipRange, Math.max(1 - clipRange, ratio)));
    const free = fifteenDigits(ratio * advantage);
    const held = fifteenDigits(clipped_ratio * advantage);
    const clipped = held < free;
    return {
      token,
      ratio,
      advantage,
      ratio_times_advantage: free,
      clipped_ratio,
      clipped_times_advantage: held,
      objective: Math.min(free, held),
      clipped,
      gradient: clipped ? 0 : -free / tokens.length,
    };
  });
}

/** What the library makes of the same tokens. */
export interface ClippedByLibrary {
  readonly loss: number;
  /** By each token's log π. */
  readonly gradient: readonly number[];
}

export function clippedByLibrary(tokens: readonly ClipToken[], clipRange: number): ClippedByLibrary {
  requireClipRange(clipRange);
  return tf.tidy(() => {
    const row = (of: (token: ClipToken) => number) => tf.tensor2d([tokens.map(of)]);
    const zeros = row(() => 0);
    const [advantages, mask] = [row(({ advantage }) => advantage), row(() => 1)];
    const loss = (logProbs: tf.Tensor) =>
      clippedSurrogateLoss(logProbs as tf.Tensor2D, zeros, advantages, mask, {
        clipLow: clipRange,
        clipHigh: clipRange,
      });
    const { value, grad } = tf.valueAndGrad(loss)(row(({ ratio }) => Math.log(ratio)));
    return { loss: value.dataSync()[0]!, gradient: Array.from(grad.dataSync()) };
  });
}
