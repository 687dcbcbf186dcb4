import { expect, it } from 'vitest';
import { sideBySide } from '../../lib/lessons/sideBySide';

it('puts the presets beside each other, token by token', () => {
  const token = { ratio: 1, loss: 0, weight: 1, gradient: 0, return: null, value_gradient: null };
  const tokens = ['PPO', 'GRPO'].flatMap((preset, k) =>
    [0, 1].map((response) => ({ ...token, preset, response, position: 0, advantage: 10 * k + response })),
  );
  expect(sideBySide(tokens, 'advantage', { token: [['4'], ['5']] })).toEqual([
    { response: 1, token: '4', PPO: 0, GRPO: 10 },
    { response: 2, token: '5', PPO: 1, GRPO: 11 },
  ]);
});
