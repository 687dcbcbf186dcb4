/**
 * A policy of two parameters, small enough to draw: in each of two states, met equally often, it takes the good action
 * (reward 1, else 0) with probability p_s = σ(θ_s). Everything has a closed form:
 *   surrogate gain ½ Σ_s (σ(θ_s) − p_s),   gradient g_s = ½ p_s (1 − p_s),   Fisher F = diag(½ p_s (1 − p_s))
 * so that the natural gradient F⁻¹g is (1, 1): both states alike, however certain the policy is in one of them.
 */
import { refuse } from '../../errors/inputError';
import { sigmoid } from '../../math/statistics';

export type Point = readonly [number, number];

/** E[ρA] of the policy at θ, whose old parameters are `old`: the expected reward beyond the old one. */
export function surrogateGain(old: Point, theta: Point): number {
  return (sigmoid(theta[0]) - sigmoid(old[0]) + sigmoid(theta[1]) - sigmoid(old[1])) / 2;
}

/** Mean KL(π_old ‖ π_θ), in nats. */
export function meanKl(old: Point, theta: Point): number {
  const one = (from: number, to: number) => {
    const [p, q] = [sigmoid(from), sigmoid(to)];
    return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / sigmoid(-to));
  };
  return (one(old[0], theta[0]) + one(old[1], theta[1])) / 2;
}

/** g and the diagonal of F: here they are the same numbers. */
function slopes(old: Point): Point {
  const slope = (theta: number) => (sigmoid(theta) * sigmoid(-theta)) / 2;
  return [slope(old[0]), slope(old[1])];
}

export interface DirectionRow {
  readonly direction: 'plain gradient' | 'natural gradient';
  readonly step_1: number;
  readonly step_2: number;
  /** ½ ΔᵀFΔ, which is δ for both. */
  readonly quadratic_kl: number;
  readonly kl: number;
  /** gᵀΔ. */
  readonly linear_gain: number;
  readonly surrogate_gain: number;
}

/**
 * Both directions, each as far as the quadratic model of the KL allows: Δ = √(2δ / dᵀF d) d.
 * @param maxKl δ, in nats
 */
export function directionRows(old: Point, maxKl: number): DirectionRow[] {
  if (!(maxKl > 0)) refuse('maxKl', maxKl, 'a number of nats above 0');
  const g = slopes(old);
  return (
    [
      ['plain gradient', g],
      ['natural gradient', [1, 1]],
    ] as const
  ).map(([direction, d]) => {
    const curvature = d[0] ** 2 * g[0] + d[1] ** 2 * g[1];
    const scale = Math.sqrt((2 * maxKl) / curvature);
    const step: Point = [scale * d[0], scale * d[1]];
    const theta: Point = [old[0] + step[0], old[1] + step[1]];
    return {
      direction,
      step_1: step[0],
      step_2: step[1],
      quadratic_kl: (step[0] ** 2 * g[0] + step[1] ** 2 * g[1]) / 2,
      kl: meanKl(old, theta),
      linear_gain: g[0] * step[0] + g[1] * step[1],
      surrogate_gain: surrogateGain(old, theta),
    };
  });
}

export interface PathRow {
  readonly path: string;
  readonly theta_1: number;
  readonly theta_2: number;
}

/** What is drawn over the surrogate: the region KL ≤ δ, its quadratic model, and both steps. */
export function regionPaths(old: Point, maxKl: number): PathRow[] {
  const g = slopes(old);
  const at = (path: string, x: number, y: number): PathRow => ({
    path,
    theta_1: old[0] + x,
    theta_2: old[1] + y,
  });
  const angles = Array.from({ length: 97 }, (_, i) => (2 * Math.PI * i) / 96);
  const ellipse = angles.map((angle) => {
    const scale = Math.sqrt(2 * maxKl);
    return at(
      '½ ΔᵀFΔ = δ',
      (scale * Math.cos(angle)) / Math.sqrt(g[0]),
      (scale * Math.sin(angle)) / Math.sqrt(g[1]),
    );
  });
  const boundary = angles.map((angle) => {
    // directions of the ellipse, so that the points are spread evenly
    const [x, y] = [Math.cos(angle) / Math.sqrt(g[0]), Math.sin(angle) / Math.sqrt(g[1])];
    const radius = radiusAt((r) => meanKl(old, [old[0] + r * x, old[1] + r * y]), maxKl);
    return at('KL = δ', radius * x, radius * y);
  });
  const steps = directionRows(old, maxKl).flatMap(({ direction, step_1, step_2 }) => [
    at(direction, 0, 0),
    at(direction, step_1, step_2),
  ]);
  return [...boundary, ...ellipse, ...steps];
}

/** Where a function that grows from 0 reaches a level, by bisection. */
function radiusAt(of: (radius: number) => number, level: number): number {
  let [low, high] = [0, 1];
  while (of(high) < level) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (of(middle) < level) low = middle;
    else high = middle;
  }
  return low;
}

/** The surrogate on a grid around the old parameters. */
export function surrogateGrid(
  old: Point,
  [width, height]: Point,
  cells: number,
): { readonly theta_1: number; readonly theta_2: number; readonly gain: number }[] {
  const places = Array.from({ length: cells }, (_, i) => (2 * i) / (cells - 1) - 1);
  return places.flatMap((y) =>
    places.map((x) => {
      const theta: Point = [old[0] + x * width, old[1] + y * height];
      const [theta_1, theta_2] = theta.map((value) => Number(value.toFixed(4))) as [number, number];
      return { theta_1, theta_2, gain: Number(surrogateGain(old, theta).toPrecision(5)) };
    }),
  );
}
