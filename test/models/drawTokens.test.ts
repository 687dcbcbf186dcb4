import { describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { drawTokens } from '../../lib/models/drawTokens';
import { expectClose } from '../close';

const column = (...values: number[]) => tf.tensor2d(values, [values.length, 1]);

describe('drawTokens', () => {
  it('inverts the distribution function, and never draws a token without weight', () => {
    tf.tidy(() => {
      const probabilities = [0, 0.25, 0.5, 0, 0.25, 0];
      const noise = [0, 0.2499, 0.2501, 0.7499, 0.7501, 0.99999, 1];
      const row = probabilities.map((p) => Math.max(-1e9, Math.log(p)));
      const logits = tf.tensor2d(noise.map(() => row));
      const { token, logProb } = drawTokens(logits, column(...noise), { temperature: 1 });
      const expected = [1, 1, 2, 2, 4, 4, 4];
      expect(token.arraySync()).toEqual(expected.map((id) => [id]));
      expect(token.dtype).toBe('int32');
      expectClose(
        logProb.arraySync(),
        expected.map((id) => Math.log(probabilities[id]!)),
        1e-6,
      );
    });
  });

  it('takes the first of the likeliest at temperature 0, with its log-prob at 1', () => {
    tf.tidy(() => {
      const { token, logProb } = drawTokens(tf.tensor2d([[0, 1, 1, 0.5]]), column(0.99), { temperature: 0 });
      expect(token.arraySync()).toEqual([[1]]);
      const total = 1 + 2 * Math.E + Math.exp(0.5);
      expectClose(logProb.arraySync(), [[1 - Math.log(total)]], 1e-6);
    });
  });
});
