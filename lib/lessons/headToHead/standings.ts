/** What the runs of a head-to-head end with. */
import { algorithmNames, type HeadToHeadRow } from '../../experiments/headToHead';
import { solvedAt } from '../../experiments/solvedAt';
import { intervalRows } from '../../math/intervalRows';
import { mean } from '../../math/statistics';

/** One run, at its last step. */
export interface Finish extends Omit<HeadToHeadRow, 'seconds' | 'trajectories' | 'step'> {
  /** Trajectories sampled until the accuracy stays at the level; null where it does not. */
  readonly trajectories_to_solve: number | null;
}

/**
 * One row an algorithm: the mean over seeds of what each run ends with and its 95 % interval; how many runs are solved,
 * and after how many trajectories, mean over these.
 * @param level the accuracy from which on a run is solved, if it stays there
 */
export function standings(rows: readonly HeadToHeadRow[], level: number) {
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

function finishes(rows: readonly HeadToHeadRow[], level: number): Finish[] {
  const seeds = [...new Set(rows.map(({ seed }) => seed))];
  return algorithmNames.flatMap((algorithm) =>
    seeds.flatMap((seed): Finish[] => {
      const curve = rows.filter((row) => row.algorithm === algorithm && row.seed === seed);
      const last = curve.at(-1);
      if (!last) return [];
      const at = solvedAt(level, curve);
      const solving = curve.find(({ step }) => step === at);
      const { seconds: _, trajectories: __, step: ___, ...finish } = last;
      return [{ ...finish, trajectories_to_solve: solving?.trajectories ?? null }];
    }),
  );
}

/** Mean seconds of a step by algorithm, without each run's first step, in which code is still being compiled. */
export function secondsPerStep(rows: readonly HeadToHeadRow[]) {
  return algorithmNames.map((algorithm) => {
    const steps = rows.filter((row) => row.algorithm === algorithm && row.step > 1);
    return { algorithm, seconds_per_step: mean(steps.map(({ seconds }) => seconds)) };
  });
}

/** The rows for a CSV: times are not the same in two runs. */
export function withoutTimes(rows: readonly HeadToHeadRow[]): Omit<HeadToHeadRow, 'seconds'>[] {
  return rows.map(({ seconds: _, ...row }) => row);
}
