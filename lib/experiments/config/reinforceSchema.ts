/** REINFORCE's config: `ReinforceConfig`. */
import { z } from 'zod';
import type { ReinforceConfig } from '../../algorithms/reinforce';
import { groupToCompareWith, obey, warmupWithinSteps } from './combinations';
import { share } from './fields';
import { aggregationField, groupBaselineField, optimizerFields, rolloutFields } from './sharedFields';

export const reinforceSchema = z
  .strictObject({
    ...rolloutFields,
    ...optimizerFields,
    baseline: groupBaselineField,
    aggregation: aggregationField.describe('How the losses of tokens become one number.'),
    discount: share().describe('γ, from 0 to 1: rewards are discounted to the start of their trajectory.'),
  })
  .superRefine(obey<ReinforceConfig>(warmupWithinSteps, groupToCompareWith))
  .readonly();
