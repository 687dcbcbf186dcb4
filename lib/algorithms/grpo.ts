/**
 * GRPO: for each query a group of responses; what a response earns above its group's mean is the advantage of each of
 * its tokens, and no value model is needed. Shao et al. 2024 (DeepSeekMath), eq. 3, arXiv:2402.03300:
 *   J = E[1/G Σ_i 1/|o_i| Σ_t (min(ρ_it Â_i, clip(ρ_it, 1−ε, 1+ε) Â_i) − β D_KL(π‖π_ref))],  Â_i = (r_i − μ)/σ
 * Its descendants are settings of the same loop: Dr. GRPO, DAPO, GSPO and CISPO differ in how they scale, aggregate
 * and clip; presets.ts has them.
 */
import type { GroupAdvantageOptions } from '../advantages/groupAdvantages';
import { checkInterrupt } from '../engine/interrupt';
import type { tf } from '../engine/tensorflow';
import { InputError } from '../errors/inputError';
import { aggregate } from '../losses/aggregation';
import { groupRelativeLoss } from '../losses/groupRelative';
import { exactKl } from '../losses/klDivergence';
import { type RatioColumns, ratioDiagnostics } from '../losses/ratioDiagnostics';
import type { Random } from '../math/random';
import { actionEntropy, actionLogProbs } from '../models/categorical';
import type { Policy, States } from '../models/policy';
import {
  type Inspection,
  isDue,
  type OptimizerConfig,
  type ReinforcementConfig,
} from './reinforcementConfig';
import { completionRows } from './rollouts/completionRows';
import { rollOutVaried } from './rollouts/dynamicSampling';
import { accuracyAt, rolloutLogits, rolloutLogProbs, type Task } from './rollouts/rollout';
import { batchOf, disposeBatch, type RolloutBatch } from './rollouts/rolloutBatch';
import { type RolloutStatistics, rolloutStatistics, scoreColumns } from './rollouts/rolloutStatistics';
import { tokenRows } from './rollouts/tokenRows';
import { createDescent } from './updates/descent';
import { type GroupedLossConfig, groupedAdvantages, lossOptions } from './updates/groupedAdvantages';
import { learningRateAt } from './updates/learningRate';
import { type Memory, newMemory, remember } from './updates/memory';
import { type MinibatchConfig, minibatchesOf, summarize } from './updates/minibatchUpdates';
import { logRatioRows, meanK3, requireReference } from './updates/reference';

export interface GrpoConfig
  extends ReinforcementConfig,
    OptimizerConfig,
    MinibatchConfig,
    GroupAdvantageOptions,
    GroupedLossConfig {
  /** Rollouts that a step may take to replace groups of equal rewards (DAPO's dynamic sampling); 1 takes what comes. */
  readonly maxRollouts: number;
}

export interface GrpoRow extends RolloutStatistics, RatioColumns {
  readonly step: number;
  /** Greedy; null at steps without an evaluation. */
  readonly accuracy: number | null;
  /** 0 up to rounding where ρ = 1 and the advantages of a group sum to 0; the gradient is not. */
  readonly policy_loss: number;
  /** k3 of the policy that acted from the reference, mean over actions, in nats; null without a reference. */
  readonly kl: number | null;
  /** Mean over actions, in nats. */
  readonly entropy: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
  /** Groups sampled for this step; more than the batch holds where groups of equal rewards were replaced. */
  readonly groups_sampled: number;
}

type GrpoBatch<S extends States> = RolloutBatch<S, 'advantages'> & {
  readonly refLogProbs: tf.Tensor2D | null;
  /** [B, T, A] where the KL is exact */
  readonly refLogits: tf.Tensor3D | null;
};

/**
 * One row a step. The policy is trained in place; an interrupt leaves it as the last step left it.
 * @param reference the policy that the KL term holds on to, often the fine-tuned one; null where β is 0
 */
export async function* grpo<S extends States>(
  task: Task<S>,
  policy: Policy<S>,
  reference: Policy<S> | null,
  config: GrpoConfig,
  random: Random,
  inspection?: Inspection,
  memory: Memory = newMemory(),
): AsyncGenerator<GrpoRow, void> {
  const { steps, groupSize, temperature } = config;
  requireReference(config.klCoefficient, reference);
  const options = lossOptions(config);
  const isExact = config.klEstimator === 'exact' && config.klCoefficient !== 0;
  if (isExact && config.klPlace === 'reward') {
    throw new InputError(
      'klEstimator is "exact" and klPlace is "reward"; expected "loss", where it has a gradient.',
    );
  }

  const objective = (batch: GrpoBatch<S>) => {
    const { actions, mask, oldLogProbs, refLogProbs, refLogits, advantages } = batch;
    const logits = rolloutLogits(policy, batch, temperature);
    const logProbs = actionLogProbs(logits, actions);
    const loss = groupRelativeLoss(logProbs, oldLogProbs, refLogProbs, advantages, mask, options);
    const { aggregation = 'token-mean', maxLength, klCoefficient } = config;
    const kl = refLogits && aggregate(exactKl(logits, refLogits), mask, aggregation, maxLength);
    return {
      loss: kl ? loss.add<tf.Scalar>(kl.mul(klCoefficient)) : loss,
      entropy: aggregate(actionEntropy(logits), mask, 'token-mean'),
      ...ratioDiagnostics(logProbs, oldLogProbs, advantages, mask, config),
    };
  };
  const descent = createDescent(policy.parameters, objective, config);

  try {
    remember(memory, 'policy', descent.state);
    for (let step = memory.step + 1; step <= steps; step++) {
      const stream = random.split(step);
      const sampled = await rollOutVaried(task, policy, config, stream.split('rollout'));
      const { rollout } = sampled;
      const { trajectories } = rollout;
      const refLogits = isExact && reference ? rolloutLogits(reference, rollout, temperature) : null;
      const refLogProbs = refLogits
        ? actionLogProbs(refLogits, rollout.actions)
        : reference && rolloutLogProbs(reference, rollout, temperature);
      const kl = refLogProbs && (await logRatioRows(rollout, refLogProbs));
      const advantages = groupedAdvantages(trajectories, kl, groupSize, config);
      const batch = { ...batchOf(rollout, { advantages }), refLogProbs, refLogits };
      let row: GrpoRow;
      try {
        const learningRate = learningRateAt(step, config);
        const updates = [];
        const order = stream.split('minibatches');
        for (const { minibatch } of minibatchesOf(batch, trajectories.length, config, order)) {
          updates.push(await descent.step(minibatch, { step, learningRate }));
        }
        const { loss, ...measured } = summarize(updates);

        if (inspection && isDue(step, inspection.every, steps)) {
          const terms = { advantages, kl, values: null };
          inspection.completions?.push(...completionRows(step, trajectories, advantages));
          inspection.tokens?.push(...(await tokenRows(step, rollout, policy, temperature, terms)));
        }
        row = {
          step,
          ...rolloutStatistics(trajectories, groupSize),
          ...scoreColumns(trajectories),
          frac_reward_zero_std: sampled.equalGroups / sampled.groups,
          groups_sampled: sampled.groups,
          accuracy: await accuracyAt(step, task, policy, config),
          policy_loss: loss,
          kl: kl && meanK3(kl),
          ...measured,
          learning_rate: learningRate,
        };
      } finally {
        disposeBatch(batch);
      }
      memory.step = step;
      yield row;
      await checkInterrupt();
    }
  } finally {
    descent.dispose();
  }
}
