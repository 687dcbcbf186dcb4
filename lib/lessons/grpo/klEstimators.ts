/**
 * k1, k2 and k3 beside the exact KL, where both distributions are known: what each estimates, and what its gradient is
 * when it stands in a loss. Schulman 2020, "Approximating KL divergence".
 */
import { tf } from '../../engine/tensorflow';
import { requireCount } from '../../errors/inputError';
import { estimateKl, exactKl, type KlEstimator } from '../../losses/klDivergence';
import type { Random } from '../../math/random';
import { mean, standardDeviation } from '../../math/statistics';

/** The tokens that may follow "2+2 is", and how likely the reference finds each. */
export const nextTokens: Readonly<Record<string, number>> = {
  '3': 0.05,
  '4': 0.4,
  '5': 0.3,
  '6': 0.15,
  '7': 0.08,
  '8': 0.02,
};
const rising = '4';

/** The reference's logits, and those of a policy that has raised the logit of "4" by `shift`. */
export function shiftedPolicy(shift: number): { readonly policy: number[]; readonly reference: number[] } {
  const reference = Object.values(nextTokens).map(Math.log);
  const policy = Object.keys(nextTokens).map((token, a) => reference[a]! + (token === rising ? shift : 0));
  return { policy, reference };
}

export interface KlValueRow {
  readonly shift: number;
  readonly estimator: string;
  /** KL(π‖π_ref) over all tokens, in nats. */
  readonly exact: number;
  /** Of the estimates at the sampled tokens. */
  readonly mean: number;
  readonly standard_error: number;
  /** What the mean tends to, less the exact KL: summed over all tokens, not sampled. */
  readonly bias: number;
  /** Of one sample, as sampled. */
  readonly standard_deviation: number;
  /** The least estimate of any token. */
  readonly least: number;
}

const estimators: readonly KlEstimator[] = ['k1', 'k2', 'k3'];
/** e^d − d − 1: its mean under π is χ² − KL. */
export const flipped = 'k3 with d of the wrong sign';

/** What each estimator makes of tokens that the policy samples, at several distances from the reference. */
export function klValueRows(shifts: readonly number[], samples: number, random: Random): KlValueRow[] {
  requireCount('samples', samples);
  return shifts.flatMap((shift, i) => {
    const { policy, reference } = shiftedPolicy(shift);
    const { probabilities, exact, estimates } = tf.tidy(() => {
      const [p, q] = [policy, reference].map((z) => tf.tensor3d([[z]]));
      const [logP, logQ] = [p!, q!].map((z) => tf.logSoftmax(z).reshape<tf.Tensor2D>([1, -1]));
      const told = (values: tf.Tensor) => Array.from(values.dataSync());
      return {
        probabilities: told(logP!.exp()),
        exact: told(exactKl(p!, q!))[0]!,
        estimates: Object.fromEntries([
          ...estimators.map((name) => [name, told(estimateKl(logP!, logQ!, name))] as const),
          [flipped, told(estimateKl(logQ!, logP!, 'k3'))] as const,
        ]),
      };
    });
    const stream = random.split(i);
    const drawn = Array.from({ length: samples }, () => stream.categorical(probabilities));
    return Object.entries(estimates).map(([estimator, ofToken]): KlValueRow => {
      const sampled = drawn.map((token) => ofToken[token]!);
      const standard_deviation = standardDeviation(sampled, 1);
      const expected = ofToken.reduce((sum, value, token) => sum + probabilities[token]! * value, 0);
      return {
        shift,
        estimator,
        exact,
        mean: mean(sampled),
        standard_error: standard_deviation / Math.sqrt(samples),
        bias: expected - exact,
        standard_deviation,
        least: Math.min(...ofToken),
      };
    });
  });
}

export interface KlGradientRow {
  readonly shift: number;
  /** What stands in the loss. */
  readonly term: string;
  readonly token: string;
  /** Of the term's expectation under the policy, by this token's logit. */
  readonly gradient: number;
}

/** Each term as it would stand in a loss, in the mean over all tokens that the policy might have sampled. */
const terms: Readonly<Record<string, (logits: tf.Tensor3D, reference: tf.Tensor3D) => tf.Scalar>> = {
  'exact KL(π‖ref)': (z, ref) => exactKl(z, ref).sum(),
  k1: (z, ref) => expected(z, ref, 'k1'),
  k2: (z, ref) => expected(z, ref, 'k2'),
  k3: (z, ref) => expected(z, ref, 'k3'),
  'k3 · ρ': (z, ref) => expected(z, ref, 'k3', true),
  'exact KL(ref‖π)': (z, ref) => exactKl(ref, z).sum(),
};

/** Σ_a π(a) k(a), with π(a) as constant: a sampled token's estimate gets a gradient, its being sampled does not. */
function expected(
  logits: tf.Tensor3D,
  reference: tf.Tensor3D,
  estimator: KlEstimator,
  weighted = false,
): tf.Scalar {
  const flat = (z: tf.Tensor3D) => tf.logSoftmax(z).reshape<tf.Tensor2D>([1, -1]);
  const [logP, logQ] = [flat(logits), flat(reference)];
  const probabilities = tf.tensor2d(logP.exp().dataSync(), logP.shape as [number, number]);
  const k = estimateKl(logP, logQ, estimator);
  // ρ = π/π_old is 1, and its gradient that of log π
  const ratio = weighted ? logP.exp().div(probabilities) : tf.onesLike(k);
  return k.mul(ratio).mul(probabilities).sum();
}

/** The gradients of all terms, token by token. */
export function klGradientRows(shift: number): KlGradientRow[] {
  const { policy, reference } = shiftedPolicy(shift);
  const tokens = Object.keys(nextTokens);
  return Object.entries(terms).flatMap(([term, loss]) => {
    const gradient = tf.tidy(() => {
      const ref = tf.tensor3d([[reference]]);
      return Array.from(
        tf
          .grad((z) => loss(z as tf.Tensor3D, ref))(tf.tensor3d([[policy]]))
          .dataSync(),
      );
    });
    return gradient.map((value, a) => ({ shift, term, token: tokens[a]!, gradient: value }));
  });
}

export interface KlGradientErrorRow {
  readonly shift: number;
  readonly term: string;
  readonly norm: number;
  /** ‖g − ∇KL‖ / ‖∇KL‖ to the gradient of KL(π‖π_ref). */
  readonly error_to_kl: number;
  /** The same to that of KL(π_ref‖π). */
  readonly error_to_reverse_kl: number;
}

/** How far each term's expected gradient is from those of the two KLs. */
export function klGradientErrors(shifts: readonly number[]): KlGradientErrorRow[] {
  return shifts.flatMap((shift) => {
    const rows = klGradientRows(shift);
    const of = (term: string) => rows.filter((row) => row.term === term).map(({ gradient }) => gradient);
    const norm = (values: readonly number[]) => Math.hypot(...values);
    const error = (given: readonly number[], wanted: readonly number[]) =>
      norm(given.map((value, a) => value - wanted[a]!)) / norm(wanted);
    const [kl, reverse] = [of('exact KL(π‖ref)'), of('exact KL(ref‖π)')];
    return Object.keys(terms).map((term) => ({
      shift,
      term,
      norm: norm(of(term)),
      error_to_kl: error(of(term), kl),
      error_to_reverse_kl: error(of(term), reverse),
    }));
  });
}
