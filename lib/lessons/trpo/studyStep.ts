/** One step of TRPO under the microscope: how it was found, and what lies along it and along the plain gradient. */
import { whiten } from '../../advantages/whitening';
import { rollOut, rolloutLogits, type Task } from '../../algorithms/rollouts/rollout';
import { batchOf, disposeBatch } from '../../algorithms/rollouts/rolloutBatch';
import type { TrpoConfig, TrpoModels } from '../../algorithms/trpo';
import { criticAdvantages } from '../../algorithms/updates/criticAdvantages';
import { fisherVectorProduct } from '../../algorithms/updates/fisherVectorProduct';
import {
  createTrustRegion,
  type TrustRegionStep,
  type TrustRegionTrace,
} from '../../algorithms/updates/trustRegionStep';
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import { aggregate } from '../../losses/aggregation';
import { exactKl } from '../../losses/klDivergence';
import { surrogateLoss } from '../../losses/surrogate';
import type { Random } from '../../math/random';
import { actionLogProbs } from '../../models/categorical';
import type { Policy, States } from '../../models/policy';

export interface AlongRow {
  readonly direction: 'natural gradient' | 'plain gradient';
  /** 1 is where the quadratic model of the KL reaches δ, in either direction. */
  readonly length: number;
  /** By how much the surrogate rises. */
  readonly surrogate_improvement: number;
  /** Mean KL(π_old ‖ π), in nats. */
  readonly kl: number;
  /** What `measure` says of the policy there; null without it. */
  readonly measured: number | null;
}

export interface StepStudy {
  readonly step: TrustRegionStep;
  readonly trace: TrustRegionTrace;
  readonly along: readonly AlongRow[];
}

export interface StudyOptions<S extends States> {
  readonly lengths: readonly number[];
  /** What a policy is really worth, where that can be computed. */
  readonly measure?: (policy: Policy<S>) => Promise<number>;
}

/** The policy and the critic are left as they were. */
export async function studyStep<S extends States>(
  task: Task<S>,
  { policy, critic }: Pick<TrpoModels<S>, 'policy' | 'critic'>,
  config: TrpoConfig,
  random: Random,
  { lengths, measure }: StudyOptions<S>,
): Promise<StepStudy> {
  const { temperature } = config;
  const rollout = await rollOut(task, policy, config, random);
  const rewards = rollout.trajectories.map((trajectory) => trajectory.rewards);
  const { advantages: raw } = await criticAdvantages(critic, rollout, rewards, config);
  const advantages = config.whitening ? whiten(raw, config.whitening) : raw;
  const batch = batchOf(rollout, { advantages });
  const { vector } = policy.parameters;
  const before = tf.tidy(() => vector.clone());
  const logits = () => rolloutLogits(policy, batch, temperature);
  const oldLogits = logits();
  const traces: TrustRegionTrace[] = [];
  const trustRegion = createTrustRegion(policy, temperature, config);
  try {
    const step = await trustRegion.step(batch, 1, traces);
    vector.assign(before);
    const [trace] = traces;
    if (!trace)
      throw new InputError('the gradient is zero; expected a rollout from which something is learnt.');

    const [natural, plain] = tf.tidy(() => {
      const g = tf.tensor1d([...trace.gradient]);
      const curved = fisherVectorProduct(logits, vector, batch.mask, g).add(g.mul(config.damping));
      const scale = g
        .mul(curved)
        .sum()
        .reciprocal()
        .mul(2 * config.maxKl)
        .sqrt();
      return [tf.tensor1d([...trace.edge]), g.mul<tf.Tensor1D>(scale)];
    });
    const along: AlongRow[] = [];
    for (const [direction, edge] of [
      ['natural gradient', natural],
      ['plain gradient', plain],
    ] as const) {
      for (const length of lengths) {
        const told = tf.tidy(() => {
          vector.assign(before.add(edge.mul(length)));
          const z = logits();
          const logProbs = actionLogProbs(z, batch.actions);
          const loss = surrogateLoss(logProbs, batch.oldLogProbs, batch.advantages, batch.mask);
          return tf.stack([loss, aggregate(exactKl(oldLogits, z), batch.mask, 'token-mean')]);
        });
        const [loss, kl] = await told.data();
        told.dispose();
        const measured = measure ? await measure(policy) : null;
        const surrogate_improvement = step.policy_loss - loss!;
        along.push({ direction, length, surrogate_improvement, kl: kl!, measured });
      }
    }
    tf.dispose([natural, plain]);
    return { step, trace, along };
  } finally {
    vector.assign(before);
    trustRegion.dispose();
    tf.dispose([before, oldLogits]);
    disposeBatch(batch);
  }
}
