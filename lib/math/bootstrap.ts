/** How well a statistic of a few runs is known, whatever the statistic is. */
import { InputError } from '../errors/inputError';
import type { Random } from './random';

export interface BootstrapInterval {
  /** Of the 95 % interval; both null where a sample has fewer than three values. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * The ends of an interval vary from stream to stream by about 0.7 % of its length (rliable takes 50,000: 0.3 %).
 */
export const bootstrapResamples = 10_000;

/** Of two values the resamples are these three: both, or one of them twice. They tell no 95 %. */
export const fewestForBootstrap = 3;

/**
 * The 95 % percentile interval: each sample is drawn anew from itself, with replacement and as many values as it has,
 * `bootstrapResamples` times; the ends are the 2.5 % and 97.5 % quantiles of the statistic of these. Efron 1979.
 *   bootstrapInterval([scores], interquartileMean, random)
 *   bootstrapInterval([scores, others], probabilityOfImprovement, random)
 *   bootstrapInterval(tasks, (...drawn) => interquartileMean(drawn.flat()), random)
 * Samples are drawn from apart from each other, so that with a sample a task it is the stratified bootstrap of Agarwal
 * et al. 2021 (arXiv:2108.13264, section 4.1), as in their rliable. What was paired is one sample of differences.
 *
 * It is too short for few values: that of the mean of 3, 5, 10 and 20 normal ones holds the true mean in 75 %, 83 %,
 * 91 % and 93 % of experiments. Student's (meanInterval) does so in 95 %.
 * @param samples   each of finite values
 * @param statistic of samples as large as these, in their order
 * @param random    a stream of its own: the same one gives the same interval
 * @throws          InputError for a value that is missing or not finite; to pass over a run that diverged would make
 *                  its setting look better than it is
 */
export function bootstrapInterval(
  samples: readonly (readonly number[])[],
  statistic: (...samples: number[][]) => number,
  random: Random,
): BootstrapInterval {
  for (const value of samples.flat()) {
    if (!Number.isFinite(value))
      throw new InputError(`a value to resample is ${value}; expected finite numbers.`);
  }
  if (samples.some(({ length }) => length < fewestForBootstrap)) return { lower: null, upper: null };
  const statistics = Float64Array.from({ length: bootstrapResamples }, () =>
    statistic(...samples.map((sample) => resample(sample, random))),
  ).sort();
  return { lower: quantile(statistics, 0.025), upper: quantile(statistics, 0.975) };
}

function resample(sample: readonly number[], random: Random): number[] {
  return sample.map(() => sample[random.integer(sample.length)]!);
}

/** Linear between the two nearest, as numpy.percentile. */
function quantile(ordered: Float64Array, share: number): number {
  const place = share * (ordered.length - 1);
  const [below, above] = [ordered[Math.floor(place)]!, ordered[Math.ceil(place)]!];
  return below + (place % 1) * (above - below);
}
