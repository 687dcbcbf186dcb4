import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { GrpoConfig } from '../../../lib/algorithms/grpo';
import type { PpoConfig } from '../../../lib/algorithms/ppo';
import type { ReinforceConfig } from '../../../lib/algorithms/reinforce';
import type { TrpoConfig } from '../../../lib/algorithms/trpo';
import { documentationOf } from '../../../lib/experiments/config/documentation';
import { grpoSchema } from '../../../lib/experiments/config/grpoSchema';
import { ppoSchema } from '../../../lib/experiments/config/ppoSchema';
import { reinforceSchema } from '../../../lib/experiments/config/reinforceSchema';
import { trpoSchema } from '../../../lib/experiments/config/trpoSchema';
import { mazeSettings } from '../../../lib/experiments/mazeSettings';

const schemas = { reinforce: reinforceSchema, grpo: grpoSchema, ppo: ppoSchema, trpo: trpoSchema };
type Name = keyof typeof schemas;
const names = Object.keys(schemas) as Name[];

/**
 * Whether two types are the same to the compiler: as types, which tells a readonly field from another; and each in place
 * of the other, which tells a field that may be missing from one that may be undefined.
 */
type Same<A, B> = [A, B] extends [B, A] ? Alike<Flat<A>, Flat<B>> : false;
type Alike<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** An intersection, or an interface with what it extends, as one object. */
type Flat<T> = { [Key in keyof T]: T[Key] };
/** Of the surrogates, all but a function. */
type NamedGrpo = Omit<GrpoConfig, 'surrogate'> & { readonly surrogate?: 'clipped' | 'cispo' };

it('each schema gives exactly the config of its loop', () => {
  // the compiler checks each, not the run
  const reinforce: Same<z.output<typeof reinforceSchema>, ReinforceConfig> = true;
  const grpo: Same<z.output<typeof grpoSchema>, NamedGrpo> = true;
  const ppo: Same<z.output<typeof ppoSchema>, PpoConfig> = true;
  const trpo: Same<z.output<typeof trpoSchema>, TrpoConfig> = true;
  const widened: Same<
    z.output<typeof ppoSchema>,
    Omit<PpoConfig, 'klStop'> & { klStop: number | null }
  > = false;
  expect([reinforce, grpo, ppo, trpo, widened]).toEqual([true, true, true, true, false]);
});

describe.each(names)('%s', (name) => {
  const schema: z.ZodType = schemas[name];
  const fields = Object.keys(schemas[name].unwrap().shape);

  it('documents each field in one short sentence', () => {
    const documentation = documentationOf(schema);
    expect(Object.keys(documentation)).toEqual(expect.arrayContaining(fields));
    for (const [field, sentence] of Object.entries(documentation)) {
      expect(sentence, field).toMatch(/^.{10,120}\.$/u);
    }
  });

  it('takes no value of another type, and tells of which field', () => {
    const anything = fc.oneof(
      fc.constantFrom('', 'none of the names', true, Number.NaN, Number.NEGATIVE_INFINITY, -1),
      fc.array(fc.integer()),
    );
    fc.assert(
      fc.property(fc.constantFrom(...fields), anything, (field, value) => {
        const read = schema.safeParse({ ...mazeSettings[name], [field]: value });
        expect(read.error?.issues[0]?.path).toEqual([field]);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves a config as it is', () => {
    expect(schema.parse(mazeSettings[name])).toEqual(mazeSettings[name]);
  });
});

describe('ranges, at their bounds', () => {
  const fits = (name: Name, fields: object) =>
    (schemas[name] as z.ZodType).safeParse({ ...mazeSettings[name], ...fields }).success;

  it.each<[Name, string, readonly unknown[], readonly unknown[]]>([
    ['grpo', 'steps', [1, 500], [0, 1.5, Number.POSITIVE_INFINITY]],
    ['grpo', 'temperature', [1e-3, 2], [0, Number.POSITIVE_INFINITY]],
    ['grpo', 'learningRate', [1e-9], [0, Number.POSITIVE_INFINITY]],
    ['grpo', 'warmupSteps', [0, 40], [0.5]],
    ['grpo', 'minimumShare', [0, 1], [1.01]],
    ['grpo', 'maxGradNorm', [0.1, Number.POSITIVE_INFINITY], [0, null]],
    ['grpo', 'beta1', [0, 0.999], [1]],
    ['grpo', 'epsilon', [1e-12], [0]],
    ['grpo', 'weightDecay', [0, 0.1], [-0.1]],
    ['grpo', 'ddof', [0, 1], [2]],
    ['grpo', 'scaleEpsilon', [0], [-1e-9]],
    ['grpo', 'clipLow', [1e-4, 1], [0, null]],
    ['grpo', 'clipHigh', [1e-4, Number.POSITIVE_INFINITY], [0]],
    ['grpo', 'dualClip', [null, 1.1], [1]],
    ['grpo', 'ratioCap', [null, 0.1], [0]],
    ['grpo', 'maxLength', [1], [0, null]],
    ['grpo', 'klCoefficient', [0, 1], [-0.1]],
    ['grpo', 'klClamp', [null, { logRatio: Number.POSITIVE_INFINITY, estimate: 10 }], [{ logRatio: 1 }]],
    ['grpo', 'maxRollouts', [1, 10], [0]],
    ['ppo', 'discount', [0, 1], [1.01]],
    ['ppo', 'lambda', [0, 1], [1.01]],
    [
      'ppo',
      'whitening',
      [null, { ddof: 0, epsilon: 0, form: 'clamp' }],
      [{ ddof: 2, epsilon: 0, form: 'clamp' }],
    ],
    ['ppo', 'entropyCoefficient', [0], [-0.01]],
    ['ppo', 'valueClipRange', [null, 0.2], [0]],
    ['ppo', 'valueCoefficient', [0, 0.5], [-1]],
    ['ppo', 'klStop', [null, 0.01], [0]],
    ['ppo', 'updateKlTarget', [null], [0]],
    ['ppo', 'klTarget', [0.1, Number.POSITIVE_INFINITY], [0]],
    ['trpo', 'maxKl', [1e-6], [0, Number.POSITIVE_INFINITY]],
    ['trpo', 'damping', [0], [-1]],
    ['trpo', 'backtrackFactor', [0.01, 0.99], [0, 1]],
    ['trpo', 'valueSteps', [0, 80], [0.5]],
    ['trpo', 'valueMinibatches', [1, 16], [0]],
  ])('%s: %s', (name, field, inside, outside) => {
    for (const value of inside) expect(fits(name, { [field]: value }), String(value)).toBe(true);
    for (const value of outside) expect(fits(name, { [field]: value }), String(value)).toBe(false);
  });
});
