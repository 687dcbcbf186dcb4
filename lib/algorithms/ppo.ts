/**
 * PPO: several updates on each rollout, with the ratio of new to old probability clipped so that a sample gives no
 * reason to move further than ε. Schulman et al. 2017, eq. 7 and algorithm 1, arXiv:1707.06347:
 *   J = E[min(ρ_t Â_t, clip(ρ_t, 1−ε, 1+ε) Â_t)],  Â by a critic that is trained beside the policy
 * For language models a KL penalty to a reference policy is part of the reward of each token: Ziegler et al. 2019,
 * arXiv:1909.08593. Policy and critic are models of their own, each with its optimizer, as in Spinning Up.
 */
import { klPenalizedRewards } from '../advantages/klPenalizedRewards';
import { type WhiteningOptions, whiten } from '../advantages/whitening';
import { checkInterrupt } from '../engine/interrupt';
import { tf } from '../engine/tensorflow';
import { aggregate } from '../losses/aggregation';
import { type ClippedSurrogateOptions, clippedSurrogateLoss } from '../losses/clippedSurrogate';
import { exactKl } from '../losses/klDivergence';
import { type RatioColumns, ratioDiagnostics } from '../losses/ratioDiagnostics';
import { clippedValueLoss, type ValueClipping } from '../losses/valueRegression';
import type { Random } from '../math/random';
import { mean } from '../math/statistics';
import { actionEntropy, actionLogProbs } from '../models/categorical';
import type { Critic, Policy, States } from '../models/policy';
import {
  type Inspection,
  isDue,
  type OptimizerConfig,
  type ReinforcementConfig,
} from './reinforcementConfig';
import { completionRows } from './rollouts/completionRows';
import {
  accuracyAt,
  meanKlFrom,
  rollOut,
  rolloutLogits,
  rolloutLogProbs,
  type Task,
} from './rollouts/rollout';
import { batchOf, disposeBatch, type RolloutBatch } from './rollouts/rolloutBatch';
import { type RolloutStatistics, rolloutStatistics, scoreColumns } from './rollouts/rolloutStatistics';
import { padRows } from './rollouts/rows';
import { tokenRows } from './rollouts/tokenRows';
import { type CriticConfig, criticAdvantages, criticFit } from './updates/criticAdvantages';
import { createDescent } from './updates/descent';
import { type KlCoefficientConfig, nextKlCoefficient } from './updates/klCoefficient';
import { learningRateAt } from './updates/learningRate';
import { type Memory, newMemory, remember } from './updates/memory';
import { type Minibatch, type MinibatchConfig, minibatchesOf, summarize } from './updates/minibatchUpdates';
import { logRatioRows, meanK3, requireReference } from './updates/reference';

export interface PpoConfig
  extends ReinforcementConfig,
    OptimizerConfig,
    MinibatchConfig,
    ClippedSurrogateOptions,
    CriticConfig,
    KlCoefficientConfig {
  /** How advantages are whitened; null leaves them as they are. */
  readonly whitening: WhiteningOptions | null;
  /** Over all of the rollout's actions, or those of each minibatch. */
  readonly whitenOver: 'rollout' | 'minibatch';
  readonly entropyCoefficient: number;
  readonly valueLearningRate: number;
  /** The critic's values are clipped to this distance from those at the rollout; null does not clip. */
  readonly valueClipRange: number | null;
  readonly valueClipForm: ValueClipping['form'];
  /**
   * The critic's loss is multiplied by this; 1 unless said. Adam divides the scale of a gradient out again, so that
   * for a critic that shares no parameter with the policy only maxGradNorm and Adam's ε notice.
   */
  readonly valueCoefficient?: number;
  /** approx_kl above which the rest of a step's updates, all but the first, is left out; null never stops. */
  readonly klStop: number | null;
  /** Which approx_kl: k3 (SB3, CleanRL) unless said, or k1 (Spinning Up). */
  readonly klStopEstimator?: 'k1' | 'k3';
  /** What stops: policy and critic unless said; or the policy alone, and the critic takes all its updates. */
  readonly klStops?: 'both' | 'policy';
  /**
   * β of the penalty on KL(π_old‖π) in the objective, exact over the actions: the paper's eq. 8 where nothing is clipped
   * (clipLow 1, clipHigh ∞), and with a clip as in RLlib. 0 unless said.
   */
  readonly updateKlCoefficient?: number;
  /**
   * The KL(π_old‖π) that a step's updates are to end at, in nats: β is doubled or halved after each step, as in the
   * paper's section 4. null, which holds unless said, leaves β as it is.
   */
  readonly updateKlTarget?: number | null;
}

export interface PpoModels<S extends States> {
  readonly policy: Policy<S>;
  readonly critic: Critic<S>;
  /** The policy that the penalty in the reward holds on to; null where its coefficient is 0. */
  readonly reference: Policy<S> | null;
}

export interface PpoRow extends RolloutStatistics, RatioColumns {
  readonly step: number;
  /** Greedy; null at steps without an evaluation. */
  readonly accuracy: number | null;
  readonly policy_loss: number;
  /** The critic's mean squared error before it is trained on this rollout. */
  readonly value_loss: number;
  /** Of the returns by the critic's values, before it is trained on them. */
  readonly explained_variance: number;
  /** k3 of the policy that acted from the reference, mean over actions, in nats; null without a reference. */
  readonly kl: number | null;
  /** Of the penalty at this step. */
  readonly kl_coefficient: number;
  /** Mean over actions, in nats. */
  readonly entropy: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly value_grad_norm: number;
  readonly learning_rate: number;
  /** Policy updates taken; fewer than planned where approx_kl stopped them. */
  readonly updates: number;
  /**
   * Exact KL(π_old‖π) after this step's updates, mean over actions, in nats; null where neither a penalty on it nor an
   * inspection asks for it.
   */
  readonly update_kl: number | null;
  /** β of the penalty on it at this step. */
  readonly update_kl_coefficient: number;
}

type PpoBatch<S extends States> = RolloutBatch<S, 'advantages' | 'oldValues' | 'returns'> & {
  /** [B, T, A] of the policy that acted, where the KL from it is asked for */
  readonly oldLogits: tf.Tensor3D | null;
};

/** One row a step. Policy and critic are trained in place; an interrupt leaves them as the last update left them. */
export async function* ppo<S extends States>(
  task: Task<S>,
  { policy, critic, reference }: PpoModels<S>,
  config: PpoConfig,
  random: Random,
  inspection?: Inspection,
  memory: Memory = newMemory(),
): AsyncGenerator<PpoRow, void> {
  const { steps, groupSize, temperature, whitening, klStop } = config;
  const ownWhitening = config.whitenOver === 'minibatch' ? whitening : null;
  requireReference(config.klCoefficient, reference);
  const coefficients = Object.assign(memory.coefficients, {
    kl: config.klCoefficient,
    updateKl: config.updateKlCoefficient ?? 0,
    ...memory.coefficients,
  });
  // a penalty that begins above 0 is halved and doubled, and never becomes 0
  const isPenalized = coefficients.updateKl !== 0;
  /** A variable, since it changes from step to step and the objective takes it from outside. */
  const updatePenalty = tf.tidy(() => tf.variable(tf.scalar(coefficients.updateKl)));

  const policyDescent = createDescent(
    policy.parameters,
    (batch: PpoBatch<S>) => {
      const { actions, mask, oldLogProbs, oldLogits, advantages } = batch;
      const logits = rolloutLogits(policy, batch, temperature);
      const logProbs = actionLogProbs(logits, actions);
      const policyLoss = clippedSurrogateLoss(logProbs, oldLogProbs, advantages, mask, config);
      const entropy = aggregate(actionEntropy(logits), mask, 'token-mean');
      const unpenalized = policyLoss.sub<tf.Scalar>(entropy.mul(config.entropyCoefficient));
      const { aggregation = 'token-mean', maxLength } = config;
      const moved =
        isPenalized && oldLogits && aggregate(exactKl(oldLogits, logits), mask, aggregation, maxLength);
      return {
        loss: moved ? unpenalized.add<tf.Scalar>(moved.mul(updatePenalty)) : unpenalized,
        policy_loss: policyLoss,
        entropy,
        ...ratioDiagnostics(logProbs, oldLogProbs, advantages, mask, config),
      };
    },
    config,
  );
  const valueDescent = createDescent(
    critic.parameters,
    ({ states, mask, oldValues, returns }: PpoBatch<S>) => {
      const values = critic.values(states, mask.shape[1]);
      const clipping = { clipRange: config.valueClipRange, form: config.valueClipForm };
      const loss = clippedValueLoss(values, oldValues, returns, mask, clipping);
      return { loss: loss.mul<tf.Scalar>(config.valueCoefficient ?? 1) };
    },
    config,
  );

  async function measurePolicy(
    { minibatch, indices }: Minibatch<PpoBatch<S>>,
    advantages: readonly (readonly number[])[],
    step: number,
  ) {
    if (!ownWhitening) return policyDescent.measure(minibatch, step);
    const rows = indices.map((b) => advantages[b]!);
    const whitened = padRows(whiten(rows, ownWhitening), minibatch.mask.shape[1]);
    try {
      return await policyDescent.measure({ ...minibatch, advantages: whitened }, step);
    } finally {
      whitened.dispose();
    }
  }

  try {
    remember(memory, 'policy', policyDescent.state);
    remember(memory, 'critic', valueDescent.state);
    for (let step = memory.step + 1; step <= steps; step++) {
      const stream = random.split(step);
      const rollout = await rollOut(task, policy, config, stream.split('rollout'));
      const { trajectories } = rollout;
      const refLogProbs = reference && rolloutLogProbs(reference, rollout, temperature);
      const kl = refLogProbs && (await logRatioRows(rollout, refLogProbs));
      refLogProbs?.dispose();

      const rewards = trajectories.map((trajectory, b) =>
        kl ? klPenalizedRewards(trajectory.rewards, kl[b]!, coefficients.kl) : trajectory.rewards,
      );
      const { values, returns, ...raw } = await criticAdvantages(critic, rollout, rewards, config);
      const whole = whitening && config.whitenOver === 'rollout';
      const advantages = whole ? whiten(raw.advantages, whitening) : raw.advantages;
      const isInspected = inspection !== undefined && isDue(step, inspection.every, steps);
      const asked = isPenalized || (isInspected && inspection.tokens !== undefined);
      const oldLogits = asked ? rolloutLogits(policy, rollout, temperature) : null;
      const batch = { ...batchOf(rollout, { advantages, oldValues: values, returns }), oldLogits };
      let row: PpoRow;
      try {
        const learningRate = learningRateAt(step, config);
        const valueRate = learningRateAt(step, { ...config, learningRate: config.valueLearningRate });
        const updates = [];
        const valueUpdates = [];
        const stopping = config.klStopEstimator === 'k1' ? 'approx_kl_k1' : 'approx_kl';
        let stopped = false;
        const order = stream.split('minibatches');
        for (const part of minibatchesOf(batch, trajectories.length, config, order)) {
          if (!stopped) {
            const { numbers, gradient } = await measurePolicy(part, advantages, step);
            updates.push(numbers);
            stopped = klStop !== null && updates.length > 1 && numbers[stopping] > klStop;
            if (stopped) gradient.dispose();
            else policyDescent.take(gradient, learningRate);
          }
          if (stopped && config.klStops !== 'policy') break;
          const valueStep = { step, learningRate: valueRate };
          valueUpdates.push(await valueDescent.step(part.minibatch, valueStep));
        }
        const { loss: _, ...measured } = summarize(updates);
        const updateKl = oldLogits && (await meanKlFrom(oldLogits, policy, batch, temperature));

        if (isInspected) {
          const terms = { advantages, kl, values };
          inspection.completions?.push(...completionRows(step, trajectories, advantages));
          inspection.tokens?.push(...(await tokenRows(step, rollout, policy, temperature, terms)));
        }
        row = {
          step,
          ...rolloutStatistics(trajectories, groupSize),
          ...scoreColumns(trajectories),
          accuracy: await accuracyAt(step, task, policy, config),
          ...measured,
          ...criticFit(values, returns),
          kl: kl && meanK3(kl),
          kl_coefficient: coefficients.kl,
          value_grad_norm: summarize(valueUpdates).grad_norm,
          learning_rate: learningRate,
          updates: stopped ? updates.length - 1 : updates.length,
          update_kl: updateKl,
          update_kl_coefficient: coefficients.updateKl,
        };
      } finally {
        disposeBatch(batch);
      }
      const { updateKlTarget = null } = config;
      if (row.update_kl !== null && updateKlTarget !== null) {
        const control = { ...config, klControl: 'doubling', klTarget: updateKlTarget } as const;
        const { length } = trajectories;
        coefficients.updateKl = nextKlCoefficient(coefficients.updateKl, row.update_kl, length, control);
        tf.tidy(() => {
          updatePenalty.assign(tf.scalar(coefficients.updateKl));
        });
      }
      if (kl) {
        const total = (row: readonly number[]) => row.reduce((sum, value) => sum + value, 0);
        const measured = mean(kl.map(config.klPer === 'token' ? mean : total));
        coefficients.kl = nextKlCoefficient(coefficients.kl, measured, trajectories.length, config);
      }
      memory.step = step;
      yield row;
      await checkInterrupt();
    }
  } finally {
    policyDescent.dispose();
    valueDescent.dispose();
    updatePenalty.dispose();
  }
}
