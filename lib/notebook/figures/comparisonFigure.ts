import type { Data } from 'plotly.js';
import {
  fewestSeeds,
  type PairRow,
  type SeedScore,
  type SettingRow,
} from '../../experiments/comparison/compareSettings';
import { type Figure, type FigureText, titledLayout } from '../figure';
import { color } from '../theme';

/** What `compareSettings` made of the scores. */
export interface Compared {
  readonly settings: readonly SettingRow[];
  readonly pairs: readonly PairRow[];
}

/** In units of the distance between settings: the mean is so far above the middle, the interquartile mean below it. */
const estimateOffset = 0.26;
/** And the first and last seed so far from it. */
const seedsSpread = 0.12;

/**
 * Settings one below the other, the best mean on top: each seed as a dot, the mean and the interquartile mean with
 * their 95 % intervals; with fewer than three seeds hollow, without. Below the axis, what the seeds say about the two
 * best.
 * @param scores   those that were compared
 * @param compared their rows
 */
export function comparisonFigure(scores: readonly SeedScore[], compared: Compared, text: FigureText): Figure {
  const settings = [...compared.settings].sort((a, b) => b.mean - a.mean);
  const placeOf = new Map(settings.map(({ setting }, place) => [setting, place]));
  const layout = titledLayout({ ...text, yTitle: 'setting' });
  return {
    data: [seedTrace(scores, placeOf), ...meanTraces(settings), ...iqmTraces(settings)],
    layout: {
      ...layout,
      height: 190 + 74 * settings.length,
      xaxis: {
        ...layout.xaxis,
        title: { text: `${text.xTitle}${evidenceText(settings, compared.pairs)}` },
        range: rangeOf(scores, settings),
      },
      yaxis: {
        ...layout.yaxis,
        tickvals: settings.map((_, place) => place),
        ticktext: settings.map(settingText),
        range: [settings.length - 0.5, -0.5],
        showgrid: false,
      },
      shapes: settings.slice(1).map((_, place) => ({
        type: 'line',
        xref: 'paper',
        x0: 0,
        x1: 1,
        y0: place + 0.5,
        y1: place + 0.5,
        line: { color: '#E5E5E5', width: 1 },
      })),
      showlegend: true,
    },
  };
}

/** Plotly leaves room for marks, but none for the ends of intervals. */
function rangeOf(
  scores: readonly SeedScore[],
  settings: readonly SettingRow[],
): [least: number, most: number] {
  const shown = [
    ...scores.map(({ score }) => score),
    ...settings.flatMap((row) => [row.mean_lower, row.mean_upper, row.iqm_lower, row.iqm_upper]),
  ].filter((value): value is number => value !== null);
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const room = 0.05 * (most - least) || 0.5;
  return [least - room, most + room];
}

/** Seeds of equal score lie one below the other. */
function seedTrace(scores: readonly SeedScore[], placeOf: ReadonlyMap<string, number>): Data {
  const seeds = [...new Set(scores.map(({ seed }) => seed))];
  const offset = (seed: number) =>
    seeds.length < 2 ? 0 : seedsSpread * ((2 * seeds.indexOf(seed)) / (seeds.length - 1) - 1);
  return {
    mode: 'markers',
    name: 'each seed',
    x: scores.map(({ score }) => score),
    y: scores.map(({ setting, seed }) => placeOf.get(setting)! + offset(seed)),
    text: scores.map(({ seed }) => `seed ${seed}`),
    hoverinfo: 'text+x',
    marker: { color: '#888888', size: 5 },
  } as Data;
}

interface Estimate {
  readonly y: number;
  readonly value: number;
  /** Null where no interval is drawn. */
  readonly ends: readonly [lower: number | null, upper: number | null] | null;
}

function meanTraces(settings: readonly SettingRow[]): Data[] {
  const estimates = settings.map(({ seeds, mean, mean_lower, mean_upper }, place) => ({
    y: place - estimateOffset,
    value: mean,
    ends: seeds < fewestSeeds ? null : ([mean_lower, mean_upper] as const),
  }));
  return estimateTraces('mean, Student’s 95 %', color(0), 'circle', estimates);
}

function iqmTraces(settings: readonly SettingRow[]): Data[] {
  const estimates = settings.map(({ seeds, iqm, iqm_lower, iqm_upper }, place) => ({
    y: place + estimateOffset,
    value: iqm,
    ends: seeds < fewestSeeds ? null : ([iqm_lower, iqm_upper] as const),
  }));
  return estimateTraces('interquartile mean, bootstrap 95 %', color(1), 'diamond', estimates);
}

/** The intervals as lines with a gap after each, and the estimates over them: hollow without an interval. */
function estimateTraces(name: string, hue: string, symbol: string, estimates: readonly Estimate[]): Data[] {
  const known = estimates.filter(({ ends }) => ends !== null);
  return [
    {
      mode: 'lines',
      x: known.flatMap(({ ends }) => [...ends!, null]),
      y: known.flatMap(({ y }) => [y, y, null]),
      line: { color: hue, width: 3 },
      hoverinfo: 'x',
      showlegend: false,
      legendgroup: name,
    },
    {
      mode: 'markers',
      name,
      x: estimates.map(({ value }) => value),
      y: estimates.map(({ y }) => y),
      hoverinfo: 'x',
      marker: {
        color: hue,
        size: 11,
        symbol: estimates.map(({ ends }) => (ends === null ? `${symbol}-open` : symbol)),
      },
      legendgroup: name,
    },
  ] as Data[];
}

function settingText({ setting, seeds }: SettingRow): string {
  const count = `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`;
  const words = seeds < fewestSeeds ? `${count}: not evidence` : count;
  return `<b>${setting}</b><br>${words}`;
}

function evidenceText([best, next]: readonly SettingRow[], pairs: readonly PairRow[]): string {
  const pair = pairs.find(({ setting, other }) =>
    [setting, other].every((one) => one === best?.setting || one === next?.setting),
  );
  if (!pair) return '';
  const sentence = `${pair.setting} and ${pair.other}, ${pair.evidence}`;
  return `<br><span style="font-size: 11px">${broken(sentence)}</span>`;
}

/** Lines that fit below an axis beside long names. */
function broken(sentence: string): string {
  return sentence.replace(/(.{1,64})( |$)/g, '$1<br>').replace(/<br>$/, '');
}
