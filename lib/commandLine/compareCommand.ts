/** `npm run experiment -- compare A B…`: tables, their CSVs, and two figures. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { InputError } from '../errors/inputError';
import { compareSettings } from '../experiments/comparison/compareSettings';
import { endScores, type Metric, metricOf, type ScoredRun } from '../experiments/comparison/endScores';
import { settingLabels } from '../experiments/comparison/settingLabels';
import { runId } from '../experiments/config/runId';
import { keptRuns, readRows } from '../experiments/run/runFolder';
import { settingOf } from '../experiments/run/runSpec';
import { csvText } from '../files/csvText';
import { intervalRows } from '../math/intervalRows';
import { seededRandom } from '../math/random';
import type { Figure } from '../notebook/figure';
import { comparisonFigure } from '../notebook/figures/comparisonFigure';
import { learningCurveFigure } from '../notebook/figures/learningCurveFigure';
import { renderPng } from '../notebook/staticImage';
import { type Compared, pairsTable, settingsTable } from './comparisonTables';
import { nameWith } from './named';
import type { CompareOptions } from './options';
import { resultsFolder, shownPath } from './resultsFolder';

/** A metric in the words of a title and of an axis. */
const told: Readonly<Record<Metric, { readonly title: string; readonly axis: string }>> = {
  accuracy: { title: 'accuracy', axis: 'greedy accuracy, share of queries' },
  reward: { title: 'reward', axis: 'reward of a trajectory, mean' },
  held_out_accuracy: { title: 'held-out accuracy', axis: 'greedy accuracy, share of held-out queries' },
  kl: { title: 'KL', axis: 'KL from the reference, nats an action' },
};

/** The bootstrap's: the same runs give the same intervals. */
const seed = 1;

/**
 * @returns what is told of it
 * @throws  InputError for a part that fits no setting or several, one that stands twice, and where a setting has no score
 */
export async function compare({ parts, metric, out }: CompareOptions): Promise<string> {
  const results = resultsFolder(out);
  const kept = keptRuns(join(results, 'runs'));
  const all = [...new Set(kept.map(({ spec }) => settingOf(spec)))];
  const names = parts.map((part) => nameWith(part, all, 'setting'));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new InputError(`the setting ${twice} is named twice; expected each once.`);

  const runs = names.flatMap((name) =>
    kept.filter(({ spec }) => settingOf(spec) === name).map((run) => ({ run, rows: readRows(run.folder) })),
  );
  const labels = settingLabels(
    names.map((name) => runs.find(({ run }) => settingOf(run.spec) === name)!.run.spec),
  );
  const by = metric ?? metricOf(runs.filter(({ run }) => run.summary));
  const { scores, notices } = endScores(runs, by, labels);
  const bare = names.find((name) => !scores.some(({ setting }) => setting === labels.get(name)));
  if (bare)
    throw new InputError(`no run of the setting ${bare} has ended with a ${by}; expected one or more.`);

  const compared = neutral(compareSettings(scores, seededRandom(seed)), by);
  const folder = join(results, 'comparisons', folderName(names));
  const curves = curveRows(runs, by, labels);
  const nameOf = new Map([...labels].map(([name, label]) => [label, name]));
  process.stderr.write('compare: the figures are being drawn …\n');
  await write(folder, {
    'settings.csv': csvText(
      'settings',
      compared.settings.map(({ setting, ...row }) => ({
        setting,
        name: nameOf.get(setting),
        metric: by,
        ...row,
      })),
    ),
    'pairs.csv': csvText('pairs', compared.pairs),
    'curves.csv': csvText('curves', intervalRows(curves, ['setting', 'global_step'], [curveMetric(by)])),
    'comparison.png': comparisonFigure(scores, compared, {
      title: message(compared, told[by].title),
      xTitle: `${told[by].axis}, at the end of each run`,
    }),
    'curves.png': curvesFigure(curves, curveMetric(by)),
  });
  return [
    `${capital(told[by].title)} at the end of each run`,
    '',
    settingsTable(compared.settings, nameOf),
    '',
    pairsTable(compared.pairs),
    '',
    ...compared.pairs.map(({ setting, other, evidence }) => `${setting} and ${other}, ${evidence}.`),
    ...notices,
    '',
    `Tables and figures: ${shownPath(folder)}`,
  ].join('\n');
}

/** Neither more KL nor less is better by itself. */
function neutral({ settings, pairs }: Compared, metric: Metric): Compared {
  if (metric !== 'kl') return { settings, pairs };
  const inKl = (evidence: string) => evidence.replace(' is better,', ' has the larger KL,');
  return { settings, pairs: pairs.map((pair) => ({ ...pair, evidence: inKl(pair.evidence) })) };
}

/** What the figure says, in a sentence. */
function message({ settings, pairs }: Compared, metric: string): string {
  const [best] = [...settings].sort((a, b) => b.mean - a.mean);
  const ofBest = pairs.filter(({ setting, other }) => [setting, other].includes(best!.setting));
  const isSettled = ofBest.every(
    ({ evidence }) =>
      evidence.includes(`${best!.setting} is better,`) ||
      evidence.includes(`${best!.setting} has the larger`),
  );
  const most = settings.length === 2 ? 'higher' : 'highest';
  if (isSettled) return `${best!.setting} ends with the ${most} ${metric}`;
  if (ofBest.some(({ evidence }) => evidence.includes('not evidence'))) {
    return `${capital(metric)} at the end: too few seeds to tell which is ${most}`;
  }
  return `${capital(metric)} at the end: which is ${most} is not settled`;
}

/** Held out is measured at the end alone. */
const curveMetric = (metric: Metric): Metric => (metric === 'held_out_accuracy' ? 'accuracy' : metric);

type CurveRow = {
  readonly setting: string;
  readonly seed: number;
  readonly global_step: number;
} & { readonly [Key in Metric]?: number };

function curveRows(runs: readonly ScoredRun[], by: Metric, labels: ReadonlyMap<string, string>): CurveRow[] {
  const metric = curveMetric(by);
  return runs.flatMap(({ run, rows }) =>
    rows
      .filter((row) => typeof row[metric] === 'number')
      .map(({ global_step, [metric]: value }) => ({
        setting: labels.get(settingOf(run.spec))!,
        seed: run.spec.seed,
        global_step: Number(global_step),
        [metric]: value as number,
      })),
  );
}

const curvesFigure = (rows: readonly CurveRow[], metric: Metric): Figure =>
  learningCurveFigure(rows, {
    title: `How the ${told[metric].title} changes as each setting trains`,
    x: 'global_step',
    xTitle: 'step',
    y: metric,
    yTitle: told[metric].axis,
    group: 'setting',
  });

/** Long lists of names are told apart by a hash. */
function folderName(names: readonly string[]): string {
  const whole = names.join('-vs-');
  if (whole.length <= 200) return whole;
  return `${names[0]}-vs-${names.length - 1}-others-${runId(names)}`;
}

async function write(folder: string, files: Readonly<Record<string, string | Figure>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? content : await renderPng(content);
    const path = join(folder, name);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileAtomic.sync(path, bytes);
    } catch (error) {
      throw new InputError(`${path} cannot be written: ${(error as Error).message}.`);
    }
  }
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
