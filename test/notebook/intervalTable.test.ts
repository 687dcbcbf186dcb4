import { afterEach, beforeEach, expect, it } from 'vitest';
import { showIntervalTable } from '../../lib/notebook/intervalTable';
import { enterNotebook, leaveNotebook, type Shown } from './fakeNotebook';

let shown: Shown[];
beforeEach(() => {
  shown = enterNotebook();
});
afterEach(leaveNotebook);

it('writes a mean with its interval as one text, and a value without one as it is', () => {
  showIntervalTable([
    { algorithm: 'PPO', seeds: 5, kl: 0.5, kl_lower: 0.25, kl_upper: 0.75, x_lower: 1 },
    { algorithm: 'GRPO', seeds: 1, kl: 0.12345, kl_lower: null, kl_upper: null, x_lower: 2 },
  ]);
  expect(shown[0]!.data['text/plain'].split('\n').map((line) => line.split(/ {2,}/u))).toEqual([
    ['algorithm', 'seeds', 'kl', 'x_lower'],
    ['PPO', '5', '0.5 (0.25 to 0.75)', '1'],
    ['GRPO', '1', '0.123', '2'],
  ]);
});
