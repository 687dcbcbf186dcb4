/** How the lab's best compares with each of its peers' best, and with the floor. */
import { titled } from './programs.mjs';

/** @typedef {{ size: string, step: string, phase: string, program: string, family: string, threads: number, steps: number, min_ms: number, median_ms: number }} StepRow */
/** @typedef {{ size: string, step: string, statistic: 'min' | 'median', against: string, lab: string, lab_ms: number, other: string, other_ms: number, ratio: number }} Ratio */

/** @param {readonly number[]} times in any order */
export function minAndMedian(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  return { min: sorted[0] ?? Number.NaN, median };
}

/**
 * The lab's whole step over that of each peer, each the best of its family: below 1 the lab is faster. By the least
 * and by the median apart, since another number of threads may be the best.
 * @param {readonly StepRow[]} rows @param {readonly string[]} families those that the lab is compared with
 * @returns {Ratio[]}
 */
export function ratiosOf(rows, families) {
  const totals = rows.filter(({ phase }) => phase === 'total');
  const kinds = new Map(totals.map(({ size, step }) => [`${size} ${step}`, { size, step }]));
  /** @type {Ratio[]} */
  const ratios = [];
  for (const { size, step } of kinds.values()) {
    for (const statistic of /** @type {const} */ (['min', 'median'])) {
      /** @param {string} family */
      const best = (family) => {
        const own = totals.filter((row) => row.size === size && row.step === step && row.family === family);
        return own.sort((a, b) => a[`${statistic}_ms`] - b[`${statistic}_ms`])[0];
      };
      const lab = best('lab');
      for (const against of families) {
        const other = best(against);
        if (!lab || !other) continue;
        const [lab_ms, other_ms] = [lab[`${statistic}_ms`], other[`${statistic}_ms`]];
        const names = {
          lab: titled(lab.program, lab.threads),
          lab_ms,
          other: titled(other.program, other.threads),
          other_ms,
        };
        ratios.push({ size, step, statistic, against, ...names, ratio: lab_ms / other_ms });
      }
    }
  }
  return ratios;
}

/**
 * The lab's step of GRPO over its floor.
 * @param {readonly StepRow[]} rows
 * @param {ReadonlyMap<string, number>} flops of a step, for each size
 * @param {{ gflops: number, threads: number }} fastest the best rate of a matrix product
 */
export function ratiosToFloor(rows, flops, { gflops, threads }) {
  const program = `${gflops.toFixed(0)} GFLOP/s`;
  const floors = [...flops].map(([size, count]) => {
    const time = count / gflops / 1e6;
    const what = { size, step: 'grpo', phase: 'total', program, family: 'floor', threads, steps: 0 };
    return { ...what, min_ms: time, median_ms: time };
  });
  return ratiosOf([...rows, ...floors], ['floor']);
}
