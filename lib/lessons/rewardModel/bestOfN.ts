/** Best-of-n: of n answers the one that scores highest is given. The simplest way to optimize against a reward model. */
import { InputError } from '../../errors/inputError';
import { mean } from '../../math/statistics';
import type { JudgedAnswer } from './overoptimization';

export interface BestOfNRow {
  readonly n: number;
  /** log n − (n − 1)/n, in nats. */
  readonly kl_formula: number;
  /** KL of the answers given from the answers drawn, in nats, from how often each different answer stands among them. */
  readonly kl: number;
  /** √ of that. */
  readonly distance: number;
  /** Mean over questions of the expected scores of the answer given, in nats. */
  readonly proxy: number;
  readonly gold: number;
}

/**
 * From N answers to each question, in expectation over all choices of n among them without repetition: the i-th lowest
 * of N is the best of n with probability C(i−1, n−1)/C(N, n). Nakano et al. 2021 (WebGPT), arXiv:2112.09332.
 *
 * log n − (n − 1)/n is the KL where no two answers score the same (Stiennon et al. 2020, arXiv:2009.01325). A model that
 * often gives the same answer stays below it: it is a bound, Beirami et al. 2024, arXiv:2401.01879. With n near N the
 * KL of the sample is above it, since few of the N answers are drawn twice.
 * @throws InputError where a question has fewer answers than n
 */
export function bestOfN(answers: readonly JudgedAnswer[], counts: readonly number[]): BestOfNRow[] {
  const questions = [...new Set(answers.map(({ query }) => query))].map((query) =>
    answers.filter((answer) => answer.query === query).sort((a, b) => a.proxy - b.proxy),
  );
  return counts.map((n): BestOfNRow => {
    const each = questions.map((sorted) => {
      const weights = bestWeights(sorted.length, n);
      const expect = (of: (answer: JudgedAnswer) => number) =>
        sorted.reduce((sum, answer, i) => sum + weights[i]! * of(answer), 0);
      return {
        proxy: expect(({ proxy }) => proxy),
        gold: expect(({ gold }) => gold),
        kl: answerKl(sorted, weights),
      };
    });
    const kl = mean(each.map((one) => one.kl));
    return {
      n,
      kl_formula: Math.log(n) - (n - 1) / n,
      kl,
      distance: Math.sqrt(kl),
      proxy: mean(each.map(({ proxy }) => proxy)),
      gold: mean(each.map(({ gold }) => gold)),
    };
  });
}

/** C(i−1, n−1)/C(N, n) for i = 1 … N, from the top down: w_N = n/N, w_i = w_(i+1) · (i − n + 1)/i. */
function bestWeights(all: number, n: number): number[] {
  if (!(Number.isSafeInteger(n) && n >= 1 && n <= all)) {
    throw new InputError(
      `the best of ${n} was asked of ${all} answers; expected a whole number from 1 to ${all}.`,
    );
  }
  const weights = new Array<number>(all).fill(0);
  weights[all - 1] = n / all;
  for (let i = all - 1; i >= n; i--) weights[i - 1] = (weights[i]! * (i - n + 1)) / i;
  return weights;
}

/** Σ q log(q/p) over the different answers, p their share among those drawn and q among those given. */
function answerKl(answers: readonly JudgedAnswer[], weights: readonly number[]): number {
  const shares = new Map<string, { drawn: number; given: number }>();
  answers.forEach(({ response }, i) => {
    const { drawn, given } = shares.get(response) ?? { drawn: 0, given: 0 };
    shares.set(response, { drawn: drawn + 1 / answers.length, given: given + weights[i]! });
  });
  return [...shares.values()].reduce(
    (sum, { drawn, given }) => (given > 0 ? sum + given * Math.log(given / drawn) : sum),
    0,
  );
}
