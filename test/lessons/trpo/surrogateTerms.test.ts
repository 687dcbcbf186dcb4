import { expect, it } from 'vitest';
import type { Choice } from '../../../lib/lessons/policyGradient/expectedGradient';
import { choiceValue } from '../../../lib/lessons/policyGradient/expectedGradient';
import { surrogateByLibrary, surrogateTerms } from '../../../lib/lessons/trpo/surrogateTerms';

const choice: Choice = { actions: ['4', '5', 'four'], probabilities: [0.5, 0.3, 0.2], rewards: [1, 0, 0.5] };
const fresh = [0.65, 0.2, 0.15];
const sum = (column: 'surrogate_term' | 'kl_term', probabilities = fresh) =>
  surrogateTerms(choice, probabilities).reduce((total, term) => total + term[column], 0);

it('has the first term by hand', () => {
  const [first] = surrogateTerms(choice, fresh);
  expect(first!.ratio).toBeCloseTo(1.3, 14);
  expect(first!.advantage).toBeCloseTo(0.4, 14);
  expect(first!.surrogate_term).toBeCloseTo(0.26, 14);
  expect(first!.kl_term).toBeCloseTo(0.5 * Math.log(0.5 / 0.65), 14);
});

it('sums to what the new policy earns beyond the old one, and to 0 where nothing has moved', () => {
  const gained = choiceValue({ ...choice, probabilities: fresh }) - choiceValue(choice);
  expect(sum('surrogate_term')).toBeCloseTo(gained, 14);
  expect(sum('surrogate_term', [...choice.probabilities])).toBeCloseTo(0, 14);
  expect(sum('kl_term', [...choice.probabilities])).toBe(0);
});

it('is what the library has', () => {
  const library = surrogateByLibrary(choice, fresh, 10);
  expect(library.surrogate).toBeCloseTo(sum('surrogate_term'), 6);
  expect(library.kl).toBeCloseTo(sum('kl_term'), 6);
});

it('refuses a new policy whose probabilities do not sum to 1', () => {
  expect(() => surrogateTerms(choice, [0.5, 0.5, 0.5])).toThrow('probabilities that sum to 1');
});
