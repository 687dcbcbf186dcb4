/** GRPO's config: `GrpoConfig`, but for a surrogate of one's own, which no JSON can hold. */
import { z } from 'zod';
import type { GrpoConfig } from '../../algorithms/grpo';
import { equalParts, groupToCompareWith, obey, warmupWithinSteps } from './combinations';
import { above0OrInfinity, count, ddof, from0, oneOf } from './fields';
import {
  clipFields,
  groupBaselineField,
  minibatchFields,
  optimizerFields,
  rolloutFields,
} from './sharedFields';

export const grpoSchema = z
  .strictObject({
    ...rolloutFields,
    ...optimizerFields,
    ...minibatchFields,
    maxRollouts: count().describe(
      'Rollouts that a step may take to replace groups of equal rewards; from 1, which takes what comes.',
    ),
    baseline: groupBaselineField,
    scale: oneOf('group', 'batch', 'none').describe(
      "What the difference is divided by: the group's standard deviation, that of all rewards, or nothing.",
    ),
    ddof: ddof().describe("1 divides the deviation's squares by n − 1, 0 by n."),
    scaleEpsilon: from0().describe('ε, added to the standard deviation, in the unit of the reward; from 0.'),
    surrogate: oneOf('clipped', 'cispo')
      .exactOptional()
      .describe("PPO's clipped surrogate, or CISPO's clipped weight; clipped unless set."),
    ...clipFields,
    klCoefficient: from0().describe('β of the KL to the reference policy; from 0, which leaves it out.'),
    klEstimator: oneOf('k1', 'k2', 'k3', 'k3+', 'exact')
      .exactOptional()
      .describe('How the KL is estimated, or exact over all actions; k3 unless set.'),
    klPlace: oneOf('loss', 'reward')
      .exactOptional()
      .describe('Where the KL stands: in the loss unless set, or as k1 in the rewards.'),
    klClamp: z
      .strictObject(
        {
          logRatio: above0OrInfinity().describe('The log-ratio is cut to ± this, in nats; above 0.'),
          estimate: above0OrInfinity().describe('The estimate is cut to ± this, in nats; above 0.'),
        },
        { error: 'null, or an object with logRatio and estimate' },
      )
      .readonly()
      .nullable()
      .exactOptional()
      .describe('Bounds on k3 in the loss; null, none, unless set.'),
    klWeighting: oneOf('none', 'ratio')
      .exactOptional()
      .describe('Whether the KL of a token in the loss is multiplied by its ratio; none unless set.'),
  })
  .superRefine(
    obey<GrpoConfig>(
      warmupWithinSteps,
      (config) => equalParts('minibatches', config.minibatches, config),
      groupToCompareWith,
      deviation,
      divisor,
      groupsThatDiffer,
      exactKlInLoss,
    ),
  )
  .readonly();

function deviation({ scale, groupSize, queries }: GrpoConfig): string | null {
  if (scale === 'group' && groupSize === 1) {
    return 'groupSize is 1 and scale "group"; expected a groupSize from 2, or another scale, since one reward has no standard deviation.';
  }
  if (scale === 'batch' && groupSize * queries === 1) {
    return 'queries and groupSize are 1 and scale "batch"; expected several trajectories, or the scale "none", since one reward has no standard deviation.';
  }
  return null;
}

/** With a baseline, groups of equal rewards get 0 without a division. */
function divisor({ baseline, scale, scaleEpsilon }: GrpoConfig): string | null {
  if (baseline !== 'none' || scale === 'none' || scaleEpsilon > 0) return null;
  return `scaleEpsilon is 0, with the baseline "none" and the scale "${scale}"; expected a number above 0, since the deviation of equal rewards is 0.`;
}

function groupsThatDiffer({ maxRollouts, groupSize }: GrpoConfig): string | null {
  if (maxRollouts === 1 || groupSize > 1) return null;
  return `maxRollouts is ${maxRollouts} and groupSize 1; expected maxRollouts 1, or a groupSize from 2, since the rewards of one response never differ.`;
}

function exactKlInLoss({ klEstimator, klPlace }: GrpoConfig): string | null {
  if (klEstimator !== 'exact' || klPlace !== 'reward') return null;
  return 'klEstimator is "exact" and klPlace "reward"; expected the klPlace "loss", where it has a gradient.';
}
