import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixValues } from '../../lib/advantages/discountedReturns';
import { expectedReturn, explainableVariance } from '../../lib/advantages/expectedReturn';
import { explainedVariance } from '../../lib/math/statistics';

const response = (text: string, probability: number, reward: number) => ({
  tokens: text.split(' '),
  probability,
  reward,
});
const answers = [
  response('2+2 is 4', 0.4, 0.8),
  response('2+2 is 5', 0.3, 0.1),
  response('I do not know', 0.3, 0.3),
];

describe('the expected return of a prefix', () => {
  it('is the mean over what may follow, worked by hand', () => {
    const byHand = (0.4 * 0.9 * 0.8 + 0.3 * 0.9 * 0.1) / 0.7;
    expect(expectedReturn(['2+2', 'is'], answers, 0.9)).toBeCloseTo(byHand, 15);
    expect(expectedReturn(['2+2', 'is', '4'], answers, 0.9)).toBeCloseTo(0.8, 15);
  });

  it('is the discounted reward itself where one response alone can follow', () => {
    const [first, second, third] = prefixValues(0.3, 4, 0.9);
    expect(expectedReturn(['I'], answers, 0.9)).toBeCloseTo(first!, 15);
    expect(expectedReturn(['I', 'do'], answers, 0.9)).toBeCloseTo(second!, 15);
    expect(expectedReturn(['I', 'do', 'not'], answers, 0.9)).toBeCloseTo(third!, 15);
  });

  it('is the mean of the expected returns one token on, times γ, where no response ends', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: 0.01, max: 1, noNaN: true }),
            fc.double({ min: -2, max: 2, noNaN: true }),
          ),
          {
            minLength: 2,
            maxLength: 6,
          },
        ),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (drawn, discount) => {
          const responses = drawn.map(([probability, reward], i) =>
            response(`a b${i % 3} c${i}`, probability, reward),
          );
          const total = drawn.reduce((sum, [probability]) => sum + probability, 0);
          const nextTokens = [...new Set(responses.map(({ tokens }) => tokens[1]!))];
          const next = nextTokens.reduce((sum, token) => {
            const share = responses.filter(({ tokens }) => tokens[1] === token);
            const probability = share.reduce((p, one) => p + one.probability, 0);
            return sum + (probability / total) * expectedReturn(['a', token], responses, discount);
          }, 0);
          expect(expectedReturn(['a'], responses, discount)).toBeCloseTo(discount * next, 10);
        },
      ),
    );
  });

  it('does not exist where nothing begins so', () => {
    expect(() => expectedReturn(['The'], answers, 0.9)).toThrow('no response begins with "The".');
  });
});

describe('the explainable variance', () => {
  it('is 1 where the first token decides', () => {
    expect(explainableVariance([[response('yes', 0.5, 1), response('no', 0.5, 0)]], 0.9)).toBeCloseTo(1, 12);
  });

  it('is not a number where all returns are equal, be their mean rounded', () => {
    const alike = (text: string) => response(text, 0.1, 0.1);
    expect(explainableVariance([[alike('a'), alike('b'), alike('c')]], 1)).toBeNaN();
  });

  it('does not change with the unit and the zero of the reward, however far it is', () => {
    const moved = answers.map((one) => ({ ...one, reward: 1e6 + one.reward / 100 }));
    // of returns of size 1e6 that differ by 1e-3, float64 keeps 1e-10 / 1e-3
    expect(explainableVariance([moved], 1)).toBeCloseTo(explainableVariance([answers], 1), 6);
  });

  it('is the explained variance of the expected returns on a sample of all responses', () => {
    // equal probabilities: every response is in the sample once
    const equal = answers.map((one) => ({ ...one, probability: 1 / 3 }));
    const returns = equal.flatMap(({ tokens, reward }) => prefixValues(reward, tokens.length, 0.9));
    const values = equal.flatMap(({ tokens }) =>
      tokens.map((_, t) => expectedReturn(tokens.slice(0, t + 1), equal, 0.9)),
    );
    expect(explainableVariance([equal], 0.9)).toBeCloseTo(explainedVariance(returns, values), 12);
  });
});
