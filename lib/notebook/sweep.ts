/** Experiments from a cell: the runs of a request, with a live figure, and what became of them. */
import { existsSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { checkInterrupt } from '../engine/interrupt';
import { InputError } from '../errors/inputError';
import { compareSettings } from '../experiments/comparison/compareSettings';
import { endScores, type Metric, metricOf } from '../experiments/comparison/endScores';
import { settingLabels } from '../experiments/comparison/settingLabels';
import { type TidyRow, tidyRows } from '../experiments/comparison/tidyRows';
import { planSweep, type SweepPlan } from '../experiments/config/planSweep';
import type { SweepRequest } from '../experiments/config/sweepRequest';
import type { TrainingRow } from '../experiments/definitions/algorithmDefinition';
import { provenance } from '../experiments/run/provenance';
import {
  type KeptRun,
  readRows,
  readRun,
  readTrainingRows,
  runFiles,
  runsFolder,
} from '../experiments/run/runFolder';
import { type RunSpec, settingOf } from '../experiments/run/runSpec';
import type { SweepEvent } from '../experiments/sweep/sweepEvent';
import { sweepHere } from '../experiments/sweep/sweepHere';
import { sweepInProcesses } from '../experiments/sweep/sweepInProcesses';
import { seededRandom } from '../math/random';
import type { Figure } from './figure';
import { comparisonFigure } from './figures/comparisonFigure';
import { learningCurveFigure } from './figures/learningCurveFigure';
import { watch } from './progress';
import { say } from './say';
import { show } from './show';
import { showTable } from './table';

/** A step of one of a sweep's runs, for figures. */
export type SweptRow = TrainingRow & {
  /** What sets the run apart from those of other settings, such as "ppo clipRange=0.1". */
  readonly setting: string;
  readonly seed: number;
};

export interface SweptRun {
  /** As its folder tells of it. */
  readonly run: KeptRun;
  readonly rows: readonly TrainingRow[];
}

export interface SweepOptions extends SweepRequest {
  /**
   * Processes that train side by side, one per core unless said. A task or an algorithm that is defined in a cell trains
   * in the kernel itself, one run after the other.
   */
  readonly workers?: number;
  /** Trains runs that are done anew. What they left is deleted first. */
  readonly anew?: boolean;
  /** What is drawn while it goes on: rewards over the steps unless said; null draws nothing. */
  readonly draw?: ((rows: readonly SweptRow[]) => Figure) | null;
}

/**
 * Trains each run of a request in data/results/runs, several at once, and gives what they came to in the order of the
 * request. Runs that are done are taken as they are, others go on from their last checkpoint: to evaluate a cell again
 * costs nothing. An interrupt ends the processes, and what was trained stays. Runs that fail are told of, and have
 * `summary.status` "failed".
 * @throws InputError for what the request has wrong, before anything is trained or written
 */
export async function sweep(options: SweepOptions): Promise<SweptRun[]> {
  const { workers = availableParallelism(), anew = false, draw, ...request } = options;
  const plan = planSweep(request);
  const runs = runsFolder();
  if (anew) for (const { name } of plan.specs) rmSync(join(runs, name), { recursive: true, force: true });
  const rowOf = labelling(plan.specs);
  const done = doneRuns(plan.specs, runs);
  const open = plan.specs.filter(({ name }) => !done.has(name));
  const rows = plan.specs
    .filter(({ name }) => done.has(name))
    .flatMap((spec) => readTrainingRows(join(runs, spec.name)).map(rowOf(spec)));
  tellOtherCode([...done.values()]);
  const failures: string[] = [];
  const drawn = inOrder(plan.specs, draw ?? rewardCurves(plan.specs));
  if (open.length > 0) {
    await watch(rowsOf(eventsOf(plan, open, runs, Math.max(1, workers)), open, rowOf, failures), {
      rows,
      total: open.reduce((sum, { config }) => sum + Number(config.steps), 0),
      label: open.length === 1 ? '1 run' : `${open.length} runs`,
      note: ({ setting, seed, step, reward }) =>
        `${setting}, seed ${seed}: step ${step}, reward ${reward.toFixed(2)}`,
      ...(draw !== null && { draw: drawn }),
    });
  } else if (draw !== null) {
    await show(drawn(rows));
  }
  for (const failure of failures) say`${failure}`;
  return plan.specs
    .filter(({ name }) => existsSync(join(runs, name, runFiles.config)))
    .map((spec) => ({ run: readRun(join(runs, spec.name)), rows: readTrainingRows(join(runs, spec.name)) }));
}

/** All rows of one sweep, or of several, for a figure over settings and seeds. */
export function sweptRows(runs: readonly SweptRun[]): SweptRow[] {
  const rowOf = labelling(runs.map(({ run }) => run.spec));
  return runs.flatMap(({ run, rows }) => rows.map(rowOf(run.spec)));
}

/** One tidy table for `exportCsv`: what each run is, what it set, and a row for each of its steps. */
export const sweptTable = (runs: readonly SweptRun[]): TidyRow[] =>
  tidyRows(runs.map(({ run: { spec, folder } }) => ({ spec, rows: readRows(folder) })));

/**
 * Shows how the settings of a sweep compare by what their runs end with: intervals over seeds, and for each pair the
 * paired difference, its effect size and the probability of improvement.
 * @param metric accuracy, or reward where a run has none, unless said
 * @returns      the same as rows, for `exportCsv`
 */
export async function compareRuns(
  runs: readonly SweptRun[],
  metric?: Metric,
): Promise<ReturnType<typeof compareSettings>> {
  const by = metric ?? metricOf(runs);
  const labels = labelsOf(runs.map(({ run }) => run.spec));
  const { scores, notices } = endScores(runs, by, labels);
  if (scores.length === 0) throw new InputError(`no run has ended with a ${by}; expected one or more.`);
  const compared = compareSettings(scores, seededRandom(1));
  const tasks = [...new Set(runs.map(({ run }) => `"${run.spec.task}"`))];
  await show(
    comparisonFigure(scores, compared, {
      title: `Which setting ends with more ${by} on ${tasks.join(' and ')}?`,
      xTitle: `${by} at the end of a run`,
    }),
  );
  showTable(compared.settings, { digits: 3, caption: `${by} at the end, with 95 % intervals over seeds` });
  showTable(compared.pairs, { digits: 3, caption: 'Each pair of settings, over the seeds that both have' });
  for (const notice of notices) say`${notice}`;
  return compared;
}

const labelsOf = (specs: readonly RunSpec[]): ReadonlyMap<string, string> =>
  settingLabels([...new Map(specs.map((spec) => [settingOf(spec), spec])).values()]);

function labelling(specs: readonly RunSpec[]): (spec: RunSpec) => (row: TrainingRow) => SweptRow {
  const labels = labelsOf(specs);
  return (spec) => (row) => {
    const names: object = { setting: labels.get(settingOf(spec)), seed: spec.seed };
    return { ...row, ...names } as SweptRow;
  };
}

function doneRuns(specs: readonly RunSpec[], runs: string): Map<string, KeptRun> {
  const kept = specs
    .map(({ name }) => join(runs, name))
    .filter((folder) => existsSync(join(folder, runFiles.config)))
    .map(readRun);
  return new Map(kept.filter(({ summary }) => summary?.status === 'done').map((run) => [run.spec.name, run]));
}

function tellOtherCode(done: readonly KeptRun[]): void {
  const { code } = provenance();
  const others = done.filter(({ made }) => made.code !== code);
  if (others.length === 0) return;
  say`${others.length} of the runs were made before, by other code than today's; \`anew: true\` trains them again.`;
}

const isOfLab = ({ task, algorithm }: RunSpec, { tasks, algorithms }: SweepPlan): boolean =>
  tasks.get(task)?.source === '' && algorithms.get(algorithm)?.source === '';

/** Ends the processes where the cell is interrupted, though no row comes. */
async function* eventsOf(
  plan: SweepPlan,
  specs: readonly RunSpec[],
  runs: string,
  workers: number,
): AsyncGenerator<SweepEvent, void> {
  if (!specs.every((spec) => isOfLab(spec, plan))) {
    yield* sweepHere(specs, plan, runs);
    return;
  }
  const interrupt = new AbortController();
  const timer = setInterval(() => checkInterrupt().catch(() => interrupt.abort()), 200);
  try {
    yield* sweepInProcesses(specs, { runs, workers, signal: interrupt.signal });
  } finally {
    clearInterval(timer);
  }
  await checkInterrupt();
}

async function* rowsOf(
  events: AsyncIterable<SweepEvent>,
  specs: readonly RunSpec[],
  rowOf: (spec: RunSpec) => (row: TrainingRow) => SweptRow,
  failures: string[],
): AsyncGenerator<SweptRow, void> {
  const named = new Map(specs.map((spec) => [spec.name, spec]));
  for await (const event of events) {
    if (event.kind === 'row') yield rowOf(named.get(event.run)!)(event.row);
    if (event.kind === 'notice') say`${event.run ? `${event.run}: ` : ''}${event.sentence}`;
    if (event.kind === 'ended' && event.summary.status === 'failed') {
      failures.push(`**${event.run} failed** after step ${event.summary.step}: ${event.summary.reason}`);
    }
  }
}

/** Runs side by side tell of their steps in any order; drawn in the request's, a figure is the same each time. */
function inOrder(
  specs: readonly RunSpec[],
  draw: (rows: readonly SweptRow[]) => Figure,
): (rows: readonly SweptRow[]) => Figure {
  const labels = labelsOf(specs);
  const nameOf = (setting: string | undefined, seed: number) => JSON.stringify([setting, seed]);
  const places = new Map(specs.map((spec, i) => [nameOf(labels.get(settingOf(spec)), spec.seed), i]));
  const placeOf = ({ setting, seed }: SweptRow) => places.get(nameOf(setting, seed))!;
  return (rows) => draw([...rows].sort((a, b) => placeOf(a) - placeOf(b)));
}

function rewardCurves([first]: readonly RunSpec[]): (rows: readonly SweptRow[]) => Figure {
  return (rows) =>
    learningCurveFigure(rows, {
      x: 'step',
      y: 'reward',
      group: 'setting',
      title: `How fast is "${first!.task}" learnt?`,
      xTitle: 'step',
      yTitle: 'reward of a trajectory, mean of the step',
    });
}
