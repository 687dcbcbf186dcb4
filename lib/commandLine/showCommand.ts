/** `npm run experiment -- show RUN`: all that its folder tells. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Fields } from '../errors/fields';
import { type KeptRun, keptRuns, readRows, runFiles } from '../experiments/run/runFolder';
import { nameWith } from './named';
import { resultsFolder, shownPath } from './resultsFolder';
import { type RunStatus, statusOf } from './runStatus';
import { duration, measured, settingsText } from './words';

/** @throws InputError where no run has the part in its name, or several */
export function showText({ part, out }: { readonly part: string; readonly out: string | null }): string {
  const kept = keptRuns(join(resultsFolder(out), 'runs'));
  const names = kept.map(({ spec }) => spec.name);
  const run = kept[names.indexOf(nameWith(part, names, 'run'))]!;
  const { folder, spec, made } = run;
  const last = readRows(folder).at(-1);
  return [
    headline(run, statusOf(run)),
    `in ${shownPath(folder)}`,
    '',
    section('set beyond the preset', [settingsText(spec.set) || 'nothing']),
    section(`config, from the preset "${spec.preset}"`, fieldLines(spec.config)),
    section('made with', fieldLines(made)),
    section('checkpoints', [checkpointsLine(run)]),
    section('last row', last ? fieldLines(last) : ['none yet']),
    section('files', fileLines(folder)),
  ].join('\n');
}

function headline({ spec, summary }: KeptRun, { status, step, steps, seconds }: RunStatus): string {
  const { reason = '', resumed = 0, held_out_accuracy: heldOut = null } = summary ?? {};
  return [
    `${spec.name}: ${status}${status === 'failed' ? ` (${reason})` : ''}, ${step} of ${steps} steps`,
    ...(seconds === null ? [] : [duration(seconds)]),
    ...(heldOut === null ? [] : [`held-out accuracy ${measured(heldOut)}`]),
    ...(resumed > 0 ? [`resumed ${resumed === 1 ? 'once' : `${resumed} times`}`] : []),
  ].join(', ');
}

const section = (title: string, lines: readonly string[]): string =>
  `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;

function fieldLines(fields: Fields): string[] {
  const longest = Math.max(0, ...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields).map(([name, value]) =>
    `${name.padEnd(longest)}  ${valueText(value)}`.trimEnd(),
  );
}

/** A number in full, so that it can be copied. */
const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function checkpointsLine({ folder, summary }: KeptRun): string {
  const steps = fileNames(join(folder, runFiles.checkpoints))
    .flatMap((name) => /^step-(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  if (steps.length === 0) return 'none';
  return steps.map((step) => `step ${step}${step === summary?.best_step ? ' (best)' : ''}`).join(', ');
}

function fileLines(folder: string): string[] {
  const names = fileNames(folder).filter((name) => !name.startsWith('.'));
  const longest = Math.max(0, ...names.map((name) => name.length));
  return names.map((name) => `${name.padEnd(longest)}  ${sizeText(sizeOf(join(folder, name)))}`);
}

/** Of a folder, with all that is in it. */
function sizeOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return fileNames(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** 812 → "812 B"; 20480 → "20.5 kB" */
function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function fileNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
