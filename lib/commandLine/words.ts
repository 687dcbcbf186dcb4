/** How the command line writes times, numbers and settings. */
import type { SettingValue } from '../experiments/run/runSpec';
import { numberText } from '../notebook/numberText';

/** 8.25 → "8.3 s"; 72 → "1 min 12 s"; 3672 → "1 h 01 min" */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${twoDigits(Math.floor((whole % 3600) / 60))} min`;
}

/** Three significant digits; nothing for what is missing. */
export const measured = (value: unknown): string => (typeof value === 'number' ? numberText(value, 3) : '');

/** As one would type it: "clipRange=0.2 klControl=fixed" */
export const settingsText = (set: Readonly<Record<string, SettingValue>>): string =>
  Object.entries(set)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

/** 1, "run" → "1 run"; 3, "run" → "3 runs" */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first few of many names: "a, b, c and 4 others" */
export function someOf(names: readonly string[], most = 6): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${counted(names.length - most, 'other')}`;
}
