/** What `compareSettings` made of scores, as text. */
import type { PairRow, SettingRow } from '../experiments/comparison/compareSettings';
import { textTable } from './textTable';
import { measured } from './words';

export interface Compared {
  readonly settings: readonly SettingRow[];
  readonly pairs: readonly PairRow[];
}

/** @param nameOf each setting's `<task>__<algorithm>__<id>` */
export function settingsTable(settings: readonly SettingRow[], nameOf: ReadonlyMap<string, string>): string {
  const rows = settings.map((row) => [
    row.setting,
    String(row.seeds),
    withEnds(row.mean, row.mean_lower, row.mean_upper),
    withEnds(row.iqm, row.iqm_lower, row.iqm_upper),
    nameOf.get(row.setting)!,
  ]);
  return textTable([['setting', 'seeds', 'mean (Student 95 %)', 'IQM (bootstrap 95 %)', 'name'], ...rows]);
}

/** Paired by seed: the difference is that of the setting from the other. */
export function pairsTable(pairs: readonly PairRow[]): string {
  const rows = pairs.map((row) => [
    `${row.setting} − ${row.other}`,
    String(row.seeds),
    withEnds(row.difference, row.difference_lower, row.difference_upper),
    endsText(row.student_lower, row.student_upper),
    measured(row.effect_size),
    `${row.won}/${row.tied}/${row.seeds - row.won - row.tied}`,
    withEnds(row.probability, row.probability_lower, row.probability_upper),
  ]);
  const header = [
    'pair',
    'seeds',
    'difference (bootstrap 95 %)',
    'Student 95 %',
    'effect size',
    'won/tied/lost',
    'P(higher) (bootstrap 95 %)',
  ];
  return textTable([header, ...rows]);
}

function withEnds(value: number | null, lower: number | null, upper: number | null): string {
  const ends = endsText(lower, upper);
  return ends === '' ? measured(value) : `${measured(value)} (${ends})`;
}

const endsText = (lower: number | null, upper: number | null): string =>
  lower === null || upper === null ? '' : `${measured(lower)} to ${measured(upper)}`;
