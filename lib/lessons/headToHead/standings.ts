/** What the runs of a head-to-head end with. */
import type { PairRow } from '../../experiments/comparison/compareSettings';
import { solvedAt } from '../../experiments/solvedAt';
import { groupBy } from '../../math/groupBy';
import { intervalRows } from '../../math/intervalRows';
import { mean } from '../../math/statistics';
import { algorithmName, type ContestRow } from './contestRows';

/** One run, at its last step. */
export interface Finish extends Omit<ContestRow, 'trajectories' | 'step'> {
  /** Trajectories sampled until the accuracy stays at the level; null where it does not. */
  readonly trajectories_to_solve: number | null;
}

/**
 * One row an algorithm: the mean over seeds of what each run ends with and its 95 % interval; how many runs are solved,
 * and after how many trajectories, mean over these.
 * @param level the accuracy from which on a run is solved, if it stays there
 */
export function standings(rows: readonly ContestRow[], level: number) {
  const all = finishes(rows, level);
  const columns = ['reward', 'accuracy', 'held_out_accuracy', 'kl', 'entropy'] as const;
  return intervalRows(all, ['algorithm'], columns).map((row) => {
    const solving = all
      .filter(({ algorithm }) => algorithm === row.algorithm)
      .map(({ trajectories_to_solve }) => trajectories_to_solve);
    const solved = solving.filter((trajectories): trajectories is number => trajectories !== null);
    return { ...row, solved: solved.length, trajectories_to_solve: solved.length > 0 ? mean(solved) : null };
  });
}

function finishes(rows: readonly ContestRow[], level: number): Finish[] {
  const runs = groupBy(rows, ({ algorithm, seed }) => JSON.stringify([algorithm, seed]));
  return [...runs.values()].map((curve): Finish => {
    const { trajectories: _, step: __, ...finish } = curve.at(-1)!;
    const at = solvedAt(level, curve);
    const solving = curve.find(({ step }) => step === at);
    return { ...finish, trajectories_to_solve: solving?.trajectories ?? null };
  });
}

/** Who is better than whom, of the pairs whose order the seeds settle: "PPO is better than GRPO". */
export function settledOrders(pairs: readonly PairRow[]): string[] {
  return pairs
    .filter(({ evidence }) => evidence.includes(' is better'))
    .map(({ setting, other, difference }) => {
      const [better, worse] = difference! > 0 ? [setting, other] : [other, setting];
      return `${algorithmName(better)} is better than ${algorithmName(worse)}`;
    });
}
