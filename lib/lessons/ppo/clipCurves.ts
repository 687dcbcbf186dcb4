/** PPO's objective of one token over its ratio: what the figures of the clip show. */
import { tf } from '../../engine/tensorflow';
import { type ClipRange, clippedSurrogate } from '../../losses/clippedSurrogate';
import { requireClipRange } from './clippedTerms';

export interface ClipCurveRow {
  /** The token's advantage, as text: "A = +1" or "A = −1". */
  readonly token: string;
  /** ρ = π/π_old. */
  readonly ratio: number;
  /** What is maximized, in the unit of the advantage. */
  readonly objective: number;
  /** ρÂ, which nothing holds back. */
  readonly unclipped: number;
}

/** The objective at each ratio from 0 to `most`, in steps of a hundredth. */
function objectives(
  advantage: number,
  most: number,
  range: ClipRange,
): { ratio: number; objective: number }[] {
  const ratios = Array.from({ length: Math.round(100 * most) + 1 }, (_, i) => i / 100);
  const losses = tf.tidy(() => {
    const ratio = tf.tensor2d([ratios]);
    return Array.from(clippedSurrogate(ratio, tf.fill([1, ratios.length], advantage), range).dataSync());
  });
  return ratios.map((ratio, i) => ({ ratio, objective: -losses[i]! }));
}

/**
 * PPO's objective for both signs of the advantage. Schulman et al. 2017, figure 1, arXiv:1707.06347.
 * @param clipRange ε above 0
 */
export function clipCurves(clipRange: number): ClipCurveRow[] {
  requireClipRange(clipRange);
  const range = { clipLow: clipRange, clipHigh: clipRange };
  // every fifth: the kinks of the usual ε lie on these, and a slider holds many such curves
  const signs = { 'A = +1': 1, 'A = −1': -1 };
  return Object.entries(signs).flatMap(([token, advantage]) =>
    objectives(advantage, 2, range)
      .filter((_, i) => i % 5 === 0)
      .map((row) => ({ token, ...row, unclipped: row.ratio * advantage })),
  );
}

export interface ClipForm extends ClipRange {
  /** Of the token. */
  readonly advantage: number;
}

export interface ClipFormRow {
  readonly form: string;
  readonly ratio: number;
  readonly objective: number;
}

/** Forms of the clip that descendants of PPO use, by name, up to the ratio `most`. */
export function clipFormRows(forms: Readonly<Record<string, ClipForm>>, most: number): ClipFormRow[] {
  return Object.entries(forms).flatMap(([form, { advantage, ...range }]) =>
    objectives(advantage, most, range)
      .filter((_, i) => i % 4 === 0)
      .map((row) => ({ form, ...row })),
  );
}
