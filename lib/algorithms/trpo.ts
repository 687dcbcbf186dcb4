/**
 * TRPO: the largest step that the surrogate's gradient justifies within a trust region around the old policy.
 *   max_θ E[ρ Â]  subject to  E[KL(π_old ‖ π_θ)] ≤ δ
 * Schulman et al. 2015, eq. 14, arXiv:1502.05477. Each step uses its rollout once for the policy; the critic that the
 * advantages come from is then trained on it for several steps of its own.
 */
import { type WhiteningOptions, whiten } from '../advantages/whitening';
import { checkInterrupt } from '../engine/interrupt';
import { valueRegressionLoss } from '../losses/valueRegression';
import type { Random } from '../math/random';
import type { Critic, Policy, States } from '../models/policy';
import { type Inspection, isDue, type ReinforcementConfig } from './reinforcementConfig';
import { completionRows } from './rollouts/completionRows';
import { accuracyAt, meanEntropy, rollOut, rolloutLogProbs, type Task } from './rollouts/rollout';
import { batchOf, disposeBatch, type RolloutBatch } from './rollouts/rolloutBatch';
import { type RolloutStatistics, rolloutStatistics, scoreColumns } from './rollouts/rolloutStatistics';
import { tokenRows } from './rollouts/tokenRows';
import type { AdamWConfig } from './updates/adamW';
import { type CriticConfig, criticAdvantages, criticFit } from './updates/criticAdvantages';
import { createDescent } from './updates/descent';
import { type Memory, newMemory, remember } from './updates/memory';
import { minibatchesOf } from './updates/minibatchUpdates';
import { logRatioRows, meanK3 } from './updates/reference';
import { createTrustRegion, type TrustRegionConfig, type TrustRegionStep } from './updates/trustRegionStep';

/** AdamW trains the critic alone: the policy's step has no optimizer. */
export interface TrpoConfig extends ReinforcementConfig, TrustRegionConfig, CriticConfig, AdamWConfig {
  /** How advantages are whitened over the rollout; null leaves them as they are. */
  readonly whitening: WhiteningOptions | null;
  /**
   * Passes of the critic over each rollout; each is one gradient step unless it is cut into minibatches. 0 leaves the
   * critic as it is.
   */
  readonly valueSteps: number;
  /** Parts into which such a pass cuts the rollout's trajectories; 1 unless said. */
  readonly valueMinibatches?: number;
  readonly valueLearningRate: number;
}

export interface TrpoRow extends RolloutStatistics, TrustRegionStep {
  readonly step: number;
  /** Greedy; null at steps without an evaluation. */
  readonly accuracy: number | null;
  /** k3 of the policy that acted from the reference, mean over actions, in nats; null without a reference. */
  readonly kl: number | null;
  /** Of the policy that acted, mean over actions, in nats. */
  readonly entropy: number;
  /** The critic's mean squared error before it is trained on this rollout. */
  readonly value_loss: number;
  /** Of the returns by the critic's values, before it is trained on them. */
  readonly explained_variance: number;
}

type TrpoBatch<S extends States> = RolloutBatch<S, 'advantages' | 'returns'>;

export interface TrpoModels<S extends States> {
  readonly policy: Policy<S>;
  readonly critic: Critic<S>;
  /** How far the policy is from this one is measured; TRPO itself does not hold on to it. */
  readonly reference: Policy<S> | null;
}

/** One row a step. Policy and critic are trained in place; an interrupt leaves them as the last step left them. */
export async function* trpo<S extends States>(
  task: Task<S>,
  { policy, critic, reference }: TrpoModels<S>,
  config: TrpoConfig,
  random: Random,
  inspection?: Inspection,
  memory: Memory = newMemory(),
): AsyncGenerator<TrpoRow, void> {
  const { steps, temperature, groupSize, valueLearningRate } = config;
  const trustRegion = createTrustRegion(policy, temperature, config);
  const valueObjective = ({ states, mask, returns }: TrpoBatch<S>) => ({
    loss: valueRegressionLoss(critic.values(states, mask.shape[1]), returns, mask),
  });
  const valueDescent = createDescent(critic.parameters, valueObjective, {
    ...config,
    maxGradNorm: Number.POSITIVE_INFINITY,
  });

  try {
    remember(memory, 'critic', valueDescent.state);
    for (let step = memory.step + 1; step <= steps; step++) {
      const stream = random.split(step);
      const rollout = await rollOut(task, policy, config, stream);
      const { trajectories } = rollout;
      const refLogProbs = reference && rolloutLogProbs(reference, rollout, temperature);
      const kl = refLogProbs && (await logRatioRows(rollout, refLogProbs));
      refLogProbs?.dispose();

      const rewards = trajectories.map((trajectory) => trajectory.rewards);
      const { values, returns, ...raw } = await criticAdvantages(critic, rollout, rewards, config);
      const advantages = config.whitening ? whiten(raw.advantages, config.whitening) : raw.advantages;
      const batch = batchOf(rollout, { advantages, returns });
      let row: TrpoRow;
      try {
        const entropy = await meanEntropy(policy, rollout, temperature);
        const taken = await trustRegion.step(batch, step);
        const passes = { epochs: config.valueSteps, minibatches: config.valueMinibatches ?? 1 };
        const order = stream.split('minibatches');
        const minibatches =
          config.valueSteps === 0 ? [] : minibatchesOf(batch, trajectories.length, passes, order);
        for (const { minibatch } of minibatches) {
          await valueDescent.step(minibatch, { step, learningRate: valueLearningRate });
        }

        if (inspection && isDue(step, inspection.every, steps)) {
          const terms = { advantages, kl, values };
          inspection.completions?.push(...completionRows(step, trajectories, advantages));
          inspection.tokens?.push(...(await tokenRows(step, rollout, policy, temperature, terms)));
        }
        row = {
          step,
          ...rolloutStatistics(trajectories, groupSize),
          ...scoreColumns(trajectories),
          accuracy: await accuracyAt(step, task, policy, config),
          ...taken,
          kl: kl && meanK3(kl),
          entropy,
          ...criticFit(values, returns),
        };
      } finally {
        disposeBatch(batch);
      }
      memory.step = step;
      yield row;
      await checkInterrupt();
    }
  } finally {
    valueDescent.dispose();
    trustRegion.dispose();
  }
}
