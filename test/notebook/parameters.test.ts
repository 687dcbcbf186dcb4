import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { notebookParameters } from '../../lib/notebook/parameters';
import { enterNotebook, leaveNotebook, type Shown } from './fakeNotebook';

const defaults = {
  seed: 1,
  discount: 0.9,
  steps: 400,
  optimizer: 'adam',
  whiten: false,
  gammas: [0.5, 0.9],
};

let shown: Shown[];
beforeEach(() => {
  shown = enterNotebook();
  vi.stubEnv('LAB_PARAMETERS', undefined);
});
afterEach(() => {
  leaveNotebook();
  vi.unstubAllEnvs();
});

function request(parameters: object): void {
  vi.stubEnv('LAB_PARAMETERS', JSON.stringify(parameters));
}

const parameters = () => notebookParameters('05-value', defaults, { quick: { steps: 60 } });

describe('notebookParameters', () => {
  it('gives the defaults, typed and frozen, and says so in one line', async () => {
    const config = await parameters();
    expect(config).toEqual({ ...defaults, quick: false });
    expect(Object.isFrozen(config)).toBe(true);
    expectTypeOf(config.discount).toEqualTypeOf<number>();
    expectTypeOf(config.gammas).toEqualTypeOf<readonly number[]>();
    expectTypeOf(config.whiten).toEqualTypeOf<boolean>();
    expect(shown.map(({ data }) => data['text/plain'])).toEqual([
      expect.stringMatching(/^05-value · TensorFlow\S* .*\((native|wasm|cpu)\) · seed 1$/),
    ]);
  });

  it('takes the size of a quick run, then the seed, then overrides, and tells what differs', async () => {
    request({ quick: true, seed: 7, overrides: { discount: 0.5 } });
    expect(await parameters()).toEqual({ ...defaults, steps: 60, seed: 7, discount: 0.5, quick: true });
    expect(shown[0]!.data['text/plain']).toMatch(
      / · seed 7 · quick run · discount 0\.5 \(default 0\.9\) · steps 60 \(default 400\)$/,
    );
  });

  it('an override goes before the size of a quick run', async () => {
    request({ quick: true, overrides: { steps: 10 } });
    expect((await parameters()).steps).toBe(10);
  });

  it('parses text to the type of the default', async () => {
    request({ overrides: { discount: '5e-1', optimizer: '7', whiten: 'true', gammas: '0,0.25,1' } });
    expect(await parameters()).toMatchObject({
      discount: 0.5,
      optimizer: '7',
      whiten: true,
      gammas: [0, 0.25, 1],
    });
  });

  it.each([
    [{ discont: 0.5 }, 'There is no parameter "discont"; did you mean "discount"?'],
    [{ Steps: 3 }, 'There is no parameter "Steps"; did you mean "steps"?'],
    [{ toString: 3 }, 'There is no parameter "toString"'],
    [{ discount: 'high' }, 'Parameter "discount" is "high"; expected a number.'],
    [{ discount: '' }, 'Parameter "discount" is ""; expected a number.'],
    [{ discount: null }, 'Parameter "discount" is null; expected a number.'],
    [{ whiten: 'yes' }, 'Parameter "whiten" is "yes"; expected true or false.'],
    [{ gammas: '0.5,x' }, 'Parameter "gammas" is "0.5,x"; expected numbers separated by commas.'],
  ])('refuses %j in one sentence', async (overrides, message) => {
    request({ overrides });
    await expect(parameters()).rejects.toThrow(message);
    expect(shown).toEqual([]);
  });

  it('refuses what is not JSON', async () => {
    vi.stubEnv('LAB_PARAMETERS', '{quick');
    await expect(parameters()).rejects.toThrow('LAB_PARAMETERS is not JSON: {quick');
  });
});
