/** TRPO's config: `TrpoConfig`. */
import { z } from 'zod';
import type { TrpoConfig } from '../../algorithms/trpo';
import { equalParts, obey } from './combinations';
import { above0, count, from0, oneOf, wholeFrom0 } from './fields';
import { adamWFields, criticFields, rolloutFields } from './sharedFields';

const between = 'a number between 0 and 1';

export const trpoSchema = z
  .strictObject({
    ...rolloutFields,
    maxKl: above0().describe('δ, the largest mean KL of a step, in nats; above 0.'),
    klDirection: oneOf('old-new', 'new-old')
      .exactOptional()
      .describe('Which KL: of the old policy from the new unless set, or of the new from the old.'),
    damping: from0().describe("Added to the Fisher matrix's diagonal; from 0."),
    conjugateGradientSteps: count().describe("Iterations that look for the step's direction; from 1."),
    lineSearchSteps: count().describe('Step lengths that are tried, each shorter than the last; from 1.'),
    backtrackFactor: above0(between)
      .lt(1, between)
      .describe('What a step length is multiplied by to get the next; between 0 and 1.'),
    ...criticFields,
    ...adamWFields,
    valueSteps: wholeFrom0().describe('Passes of the critic over each rollout; from 0, which leaves it.'),
    valueMinibatches: count()
      .exactOptional()
      .describe(
        'Parts into which such a pass cuts the trajectories; 1 unless set, divides queries · groupSize.',
      ),
  })
  .superRefine(
    obey<TrpoConfig>((config) => equalParts('valueMinibatches', config.valueMinibatches ?? 1, config)),
  )
  .readonly();
