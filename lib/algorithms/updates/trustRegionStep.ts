/**
 * One step of TRPO: the natural gradient's direction, the trust region's edge, and a line search back from there.
 * Schulman et al. 2015, appendix C, arXiv:1502.05477.
 */
import { compile } from '../../engine/compile';
import { tf } from '../../engine/tensorflow';
import { InputError, refuse, requireCount } from '../../errors/inputError';
import { aggregate } from '../../losses/aggregation';
import { exactKl } from '../../losses/klDivergence';
import { surrogateLoss } from '../../losses/surrogate';
import {
  type ConjugateGradientState,
  conjugateGradientStart,
  conjugateGradientStep,
} from '../../math/conjugateGradient';
import { actionLogProbs } from '../../models/categorical';
import type { Policy, States } from '../../models/policy';
import { rolloutLogits } from '../rollouts/rollout';
import { compileGradient } from './descent';
import { fisherVectorProduct } from './fisherVectorProduct';

export interface TrustRegionConfig {
  /** δ, the largest mean KL of a step, in nats. */
  readonly maxKl: number;
  /** Which KL: KL(π_old ‖ π_new), the paper's, unless said; sb3-contrib measures KL(π_new ‖ π_old). */
  readonly klDirection?: 'old-new' | 'new-old';
  /** Added to the Fisher matrix's diagonal, where it is flat. */
  readonly damping: number;
  readonly conjugateGradientSteps: number;
  /** Step lengths that the line search tries: 1, f, f², … of the way to the trust region's edge. */
  readonly lineSearchSteps: number;
  /** f, between 0 and 1. */
  readonly backtrackFactor: number;
}

export type TrustRegionBatch<S extends States> = {
  readonly states: S;
  readonly actions: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly oldLogProbs: tf.Tensor2D;
  readonly advantages: tf.Tensor2D;
};

export interface TrustRegionStep {
  /** The surrogate loss before the step, −E[ρ Â]. */
  readonly policy_loss: number;
  /** Euclidean norm of the surrogate's gradient. */
  readonly grad_norm: number;
  /** ‖g − F x‖ that conjugate gradient left. */
  readonly cg_residual: number;
  /** By how much the surrogate would rise at the trust region's edge if it were linear. */
  readonly expected_improvement: number;
  /** By how much it did rise; 0 where no step was taken. */
  readonly surrogate_improvement: number;
  /** Mean KL of the step taken, never above δ; 0 where none was. */
  readonly kl_step: number;
  /** 1 where a step was taken. */
  readonly line_search_success: 0 | 1;
  /** How often the step was shortened. */
  readonly backtracks: number;
  /** Why the last length tried was refused, empty where it was not: the parameters are then the old ones. */
  readonly refused:
    | ''
    | 'KL above the trust region'
    | 'surrogate not improved'
    | 'not finite'
    | 'gradient is zero';
}

/** Why a step length was refused; empty where it was taken. */
export type Refusal = TrustRegionStep['refused'];

/** A step length that the line search tried. */
export interface LineSearchTrial {
  /** The share of the way to the trust region's edge. */
  readonly length: number;
  readonly surrogate_improvement: number;
  /** Mean KL, in nats. */
  readonly kl: number;
  readonly refused: Refusal;
}

/** How a step was found. */
export interface TrustRegionTrace {
  /** [P] the surrogate's gradient g, uphill. */
  readonly gradient: readonly number[];
  /** [P] from the old parameters to the trust region's edge: √(2δ / xᵀF x) x, where F x = g. */
  readonly edge: readonly number[];
  /** ‖g − F x‖ before conjugate gradient, and after each of its iterations. */
  readonly residuals: readonly number[];
  readonly trials: readonly LineSearchTrial[];
}

export interface TrustRegion<S extends States> {
  /**
   * @param traces where the step leaves how it was found, unless its gradient is zero
   * @throws where the gradient or the direction is not finite; the parameters are then the old ones
   */
  step(batch: TrustRegionBatch<S>, step: number, traces?: TrustRegionTrace[]): Promise<TrustRegionStep>;
  /** Of what was compiled. */
  dispose(): void;
}

/**
 * Steps of a policy within a trust region.
 * @throws for a config that allows no step
 */
export function createTrustRegion<S extends States>(
  policy: Policy<S>,
  temperature: number,
  config: TrustRegionConfig,
): TrustRegion<S> {
  checkConfig(config);
  const { vector } = policy.parameters;
  type Batch = TrustRegionBatch<S>;
  const logits = (batch: Batch, parameters: tf.Tensor1D = vector) =>
    rolloutLogits(policy, batch, temperature, parameters);
  const surrogate = (z: tf.Tensor3D, { actions, oldLogProbs, advantages, mask }: Batch) =>
    surrogateLoss(actionLogProbs(z, actions), oldLogProbs, advantages, mask);
  const fisher = (batch: Batch) => (v: tf.Tensor1D) =>
    fisherVectorProduct(() => logits(batch), vector, batch.mask, v).add<tf.Tensor1D>(v.mul(config.damping));

  const gradients = compileGradient(policy.parameters, (batch: Batch) => ({
    loss: surrogate(logits(batch), batch),
  }));
  const iterate = compile(
    (state: ConjugateGradientState, batch: Batch) => conjugateGradientStep(fisher(batch), state),
    { name: 'conjugate gradient' },
  );
  /** From the direction x to the trust region's edge, √(2δ / xᵀF x) x. */
  const reach = compile(
    (x: tf.Tensor1D, ascent: tf.Tensor1D, batch: Batch) => {
      const curvature = x.mul(fisher(batch)(x)).sum();
      const edge = x.mul<tf.Tensor1D>(
        curvature
          .reciprocal()
          .mul(2 * config.maxKl)
          .sqrt(),
      );
      return { edge, improvement: edge.mul(ascent).sum<tf.Scalar>(), oldLogits: logits(batch) };
    },
    { name: "trust region's edge" },
  );
  /** The policy itself moves only when a candidate is accepted. */
  const tryOut = compile(
    (length: tf.Scalar, edge: tf.Tensor1D, oldLogits: tf.Tensor3D, batch: Batch) => {
      const parameters = vector.add<tf.Tensor1D>(edge.mul(length));
      const z = logits(batch, parameters);
      const divergence = config.klDirection === 'new-old' ? exactKl(z, oldLogits) : exactKl(oldLogits, z);
      const kl = aggregate(divergence, batch.mask, 'token-mean');
      return { parameters, told: tf.stack([surrogate(z, batch), kl]) };
    },
    { name: 'line search' },
  );

  /** Conjugate gradient's state after each iteration. */
  function solve(ascent: tf.Tensor1D, batch: Batch) {
    return tf.tidy(() => {
      let state = conjugateGradientStart(ascent);
      const squares = [state.square];
      for (let i = 0; i < config.conjugateGradientSteps; i++) {
        state = iterate(state, batch);
        squares.push(state.square);
      }
      return { x: state.x, residuals: tf.stack(squares).sqrt() as tf.Tensor1D };
    });
  }

  async function step(batch: Batch, step: number, traces?: TrustRegionTrace[]): Promise<TrustRegionStep> {
    const { numbers, gradient } = await gradients.measure(batch, step);
    const measured = { policy_loss: numbers.loss, grad_norm: numbers.grad_norm };
    if (numbers.grad_norm === 0) {
      gradient.dispose();
      const nothing = { cg_residual: 0, expected_improvement: 0, surrogate_improvement: 0, kl_step: 0 };
      return { ...measured, ...nothing, line_search_success: 0, backtracks: 0, refused: 'gradient is zero' };
    }
    // in units of its norm, which the way to the edge does not depend on: the squares of a small one would underflow
    const ascent = tf.tidy(() => gradient.div<tf.Tensor1D>(-numbers.grad_norm));
    gradient.dispose();
    const { x, residuals } = solve(ascent, batch);
    const { edge, improvement, oldLogits } = reach(x, ascent, batch);
    try {
      const left = Array.from(await residuals.data(), (residual) => residual * numbers.grad_norm);
      const expectedImprovement = (await improvement.data())[0]! * numbers.grad_norm;
      const cgResidual = left.at(-1)!;
      if (!Number.isFinite(cgResidual) || !Number.isFinite(expectedImprovement)) {
        throw new InputError(
          `step ${step} was not taken, since conjugate gradient found no finite direction: residual ${cgResidual}, expected improvement ${expectedImprovement}, gradient norm ${numbers.grad_norm}. The parameters are those from before it.`,
        );
      }
      const found = { ...measured, cg_residual: cgResidual, expected_improvement: expectedImprovement };
      const trials: LineSearchTrial[] = [];
      if (traces) {
        const [g, toEdge] = await Promise.all([ascent, edge].map((tensor) => tensor.data()));
        traces.push({
          gradient: Array.from(g!, (value) => value * numbers.grad_norm),
          edge: [...toEdge!],
          residuals: left,
          trials,
        });
      }
      let refused: Refusal = '';
      for (let backtracks = 0; backtracks < config.lineSearchSteps; backtracks++) {
        const length = config.backtrackFactor ** backtracks;
        const candidate = tf.tidy(() => tryOut(tf.scalar(length), edge, oldLogits, batch));
        const [loss, kl] = await candidate.told.data();
        const improvement = numbers.loss - loss!;
        if (!Number.isFinite(improvement) || !Number.isFinite(kl)) refused = 'not finite';
        else if (kl! > config.maxKl) refused = 'KL above the trust region';
        else if (improvement <= 0) refused = 'surrogate not improved';
        else refused = '';
        trials.push({ length, surrogate_improvement: improvement, kl: kl!, refused });
        if (refused === '') vector.assign(candidate.parameters);
        tf.dispose(candidate);
        if (refused === '') {
          const taken = { surrogate_improvement: improvement, kl_step: kl!, line_search_success: 1 } as const;
          return { ...found, ...taken, backtracks, refused };
        }
      }
      const none = { surrogate_improvement: 0, kl_step: 0, line_search_success: 0 } as const;
      return { ...found, ...none, backtracks: config.lineSearchSteps, refused };
    } finally {
      tf.dispose([ascent, x, residuals, edge, improvement, oldLogits]);
    }
  }

  return {
    step,
    dispose: () => {
      gradients.dispose();
      iterate.dispose();
      reach.dispose();
      tryOut.dispose();
    },
  };
}

function checkConfig(config: TrustRegionConfig): void {
  const { maxKl, damping, backtrackFactor, conjugateGradientSteps, lineSearchSteps } = config;
  if (!(maxKl > 0 && maxKl < Number.POSITIVE_INFINITY)) refuse('maxKl', maxKl, 'a number of nats above 0');
  if (!(damping >= 0 && damping < Number.POSITIVE_INFINITY)) refuse('damping', damping, 'a number from 0');
  if (!(backtrackFactor > 0 && backtrackFactor < 1)) {
    refuse('backtrackFactor', backtrackFactor, 'a number between 0 and 1');
  }
  requireCount('conjugateGradientSteps', conjugateGradientSteps);
  requireCount('lineSearchSteps', lineSearchSteps);
}
