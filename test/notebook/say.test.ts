import { afterEach, beforeEach, expect, it } from 'vitest';
import { say } from '../../lib/notebook/say';
import { enterNotebook, leaveNotebook, type Shown } from './fakeNotebook';

let shown: Shown[];
beforeEach(() => {
  shown = enterNotebook();
});
afterEach(leaveNotebook);

it('fills numbers, texts and lists into Markdown', () => {
  say`PPO ends at ${0.98765}, TRPO at ${-12} after ${120000} tokens; seeds ${[1, 2, 3]} **${'agree'}**, ${[0.5]}, ${[]}.`;
  const text = 'PPO ends at 0.988, TRPO at −12 after 120000 tokens; seeds 1, 2 and 3 **agree**, 0.5, none.';
  expect(shown[0]!.data).toEqual({ 'text/markdown': text, 'text/plain': text });
});
