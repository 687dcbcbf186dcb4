/** PPO's config: `PpoConfig`. */
import { z } from 'zod';
import type { PpoConfig } from '../../algorithms/ppo';
import { equalParts, obey, warmupWithinSteps } from './combinations';
import { above0OrInfinity, above0OrNull, from0, oneOf } from './fields';
import { clipFields, criticFields, minibatchFields, optimizerFields, rolloutFields } from './sharedFields';

export const ppoSchema = z
  .strictObject({
    ...rolloutFields,
    ...optimizerFields,
    ...minibatchFields,
    ...clipFields,
    ...criticFields,
    whitenOver: oneOf('rollout', 'minibatch').describe(
      "Over which actions advantages are whitened: the rollout's, or those of each minibatch.",
    ),
    entropyCoefficient: from0().describe('What a nat of entropy is worth in the objective; from 0.'),
    valueClipRange: above0OrNull().describe(
      "How far the critic's values may move from those at the rollout, in the unit of the reward; null does not clip.",
    ),
    valueClipForm: oneOf('max', 'clip').describe(
      'max takes half of the larger of both squared errors, clip that of the clipped value.',
    ),
    valueCoefficient: from0().exactOptional().describe("Multiplies the critic's loss, from 0; 1 unless set."),
    klCoefficient: from0().describe('β of the KL to the reference policy, taken from the rewards; from 0.'),
    klControl: oneOf('fixed', 'proportional', 'doubling').describe(
      "How β is steered to klTarget: not at all, by Ziegler et al.'s controller, or by the PPO paper's.",
    ),
    klTarget: above0OrInfinity().describe('The KL that β is steered to, in nats; above 0.'),
    klPer: oneOf('trajectory', 'token')
      .exactOptional()
      .describe('Of what that KL is: a whole trajectory unless set, or a token.'),
    klHorizon: above0OrInfinity().describe(
      'Trajectories over which the proportional controller may change β by a fifth; above 0.',
    ),
    klStop: above0OrNull().describe(
      "approx_kl, in nats, above which the rest of a step's updates is left out; null never stops.",
    ),
    klStopEstimator: oneOf('k1', 'k3')
      .exactOptional()
      .describe('Which approx_kl stops: k3 unless set, or k1.'),
    klStops: oneOf('both', 'policy')
      .exactOptional()
      .describe('What stops: both, policy and critic, unless set, or the policy alone.'),
    updateKlCoefficient: from0()
      .exactOptional()
      .describe('β of a penalty on the exact KL from the policy that acted, from 0; 0 unless set.'),
    updateKlTarget: above0OrNull()
      .exactOptional()
      .describe('The KL, in nats, that this β is steered to by doubling; null, not at all, unless set.'),
  })
  .superRefine(
    obey<PpoConfig>(
      warmupWithinSteps,
      (config) => equalParts('minibatches', config.minibatches, config),
      steeredKl,
      steeredUpdateKl,
      updatesToStop,
    ),
  )
  .readonly();

function steeredKl({ klControl, klCoefficient, klTarget, klHorizon, ...config }: PpoConfig): string | null {
  if (klControl === 'fixed') return null;
  const trajectories = config.queries * config.groupSize;
  if (klCoefficient === 0) {
    return `klCoefficient is 0 and klControl "${klControl}"; expected a number above 0, since 0 cannot be steered.`;
  }
  if (klTarget === Number.POSITIVE_INFINITY) {
    return `klTarget is Infinity and klControl "${klControl}"; expected a number of nats to steer to.`;
  }
  if (klControl === 'doubling') return null;
  if (klHorizon === Number.POSITIVE_INFINITY) {
    return 'klHorizon is Infinity and klControl "proportional"; expected a number of trajectories, since klCoefficient would never change.';
  }
  if (trajectories < 5 * klHorizon) return null;
  return `klHorizon is ${klHorizon} and klControl "proportional"; expected more than ${trajectories / 5}, since a step of ${trajectories} trajectories could bring klCoefficient to 0 or below.`;
}

function steeredUpdateKl({ updateKlCoefficient = 0, updateKlTarget = null }: PpoConfig): string | null {
  if (updateKlTarget === null || updateKlCoefficient > 0) return null;
  return `updateKlTarget is ${updateKlTarget} and updateKlCoefficient 0; expected a number above 0, since 0 cannot be steered.`;
}

function updatesToStop({ klStop, epochs, minibatches }: PpoConfig): string | null {
  if (klStop === null || epochs * minibatches > 1) return null;
  return `klStop is ${klStop}, but a step has one update (epochs 1 · minibatches 1); expected null, since the first is always taken.`;
}
