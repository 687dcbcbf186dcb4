/** Runs of several seeds as a table: what each reached, and when. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { csvText } from '../../lib/files/csvText';

export interface LearningRun {
  readonly task: string;
  readonly algorithm: string;
  readonly seed: number;
  /** Greedy, before the first step and after the last. */
  readonly accuracy_before: number;
  readonly accuracy: number;
  /** The first evaluated step from which on the accuracy stays at 95 % or above; empty where it does not. */
  readonly solved_at: number | null;
  readonly seconds: number;
  /** Further columns, such as the gold accuracy beside a learned reward. */
  readonly [column: string]: string | number | null;
}

/** A CSV that is written anew after each run, so that a stopped script loses none. */
export function reportTo(path: string): (run: LearningRun) => void {
  mkdirSync(dirname(path), { recursive: true });
  const runs: LearningRun[] = [];
  return (run) => {
    runs.push(run);
    writeFileAtomic.sync(path, csvText(path, runs));
    console.log(
      Object.entries(run)
        .map(([name, value]) => `${name} ${typeof value === 'number' ? +value.toPrecision(4) : value}`)
        .join('  '),
    );
  };
}
