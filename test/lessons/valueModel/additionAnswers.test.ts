import { describe, expect, it } from 'vitest';
import { drawResponses, possibleResponses } from '../../../lib/lessons/valueModel/additionAnswers';
import { seededRandom } from '../../../lib/math/random';

describe('the responses to an addition', () => {
  it("holds the article's, and probabilities that sum to 1", () => {
    const responses = possibleResponses(2, 2);
    expect(responses[0]).toMatchObject({ query: 'What is 2+2?', response: '2+2 is 4', reward: 0.8 });
    expect(responses.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
  });

  it('leave the right sum what the wrong ones do not take', () => {
    const responses = possibleResponses(2, 2, 0.001);
    expect(responses[0]!.probability).toBeCloseTo(0.697, 12);
    expect(responses.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
    expect(() => possibleResponses(2, 2, 0.3)).toThrow('wrongProbability is 0.3; expected a number from 0');
  });

  it('are drawn with their probabilities', () => {
    const drawn = drawResponses(1, 20_000, seededRandom(5));
    const chiSquare = possibleResponses(1, 1).reduce((sum, { response, probability }) => {
      const count = drawn.filter((one) => one.response === response).length;
      const expected = probability * drawn.length;
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    // 5 degrees of freedom: exceeded once in a thousand seeds
    expect(chiSquare).toBeLessThan(20.5);
  });

  it('are the same for the same seed, and others for another', () => {
    const draw = (seed: number) => JSON.stringify(drawResponses(3, 4, seededRandom(seed)));
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });
});
