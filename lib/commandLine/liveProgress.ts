/** Shows which runs train and how far they are: lines redrawn in place on a terminal, else one now and then. */
import type { RunSpec } from '../experiments/run/runSpec';
import type { SweepEvent } from '../experiments/sweep/sweepEvent';
import { counted, duration, measured } from './words';

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** One run that trains; times in milliseconds. */
export interface Training {
  readonly name: string;
  readonly from: number;
  readonly step: number;
  readonly steps: number;
  readonly reward: number | null;
  readonly kl: number | null;
  readonly started: number;
}

const barWidth = 20;
const redrawn = 200;
const told = 10_000;

/** Seconds to the last step, at the pace since this process took the run up; null before its first step, and at the end. */
export function secondsLeft({ from, step, steps, started }: Training, now: number): number | null {
  const taken = step - from;
  if (taken === 0 || step === steps) return null;
  return ((now - started) / 1000 / taken) * (steps - step);
}

function measurements({ step, reward, kl }: Training): string[] {
  if (step === 0) return [];
  return [
    ...(reward === null ? [] : [`reward ${measured(reward)}`]),
    ...(kl === null ? [] : [`KL ${measured(kl)}`]),
  ];
}

/** One line: name, bar, steps, the last row's reward and KL, and the time left. */
export function barLine(run: Training, now: number, nameWidth: number): string {
  const done = Math.round((barWidth * run.step) / run.steps);
  const bar = '▓'.repeat(done) + '░'.repeat(barWidth - done);
  const left = secondsLeft(run, now);
  const steps = `${String(run.step).padStart(String(run.steps).length)}/${run.steps}`;
  const numbers = measurements(run).map((text) => text.padEnd(15));
  return [run.name.padEnd(nameWidth), bar, steps, ...numbers, left === null ? '' : `${duration(left)} left`]
    .join('  ')
    .trimEnd();
}

export function plainLine(run: Training, now: number): string {
  const left = secondsLeft(run, now);
  return [
    `${run.name}: step ${run.step} of ${run.steps}`,
    ...measurements(run),
    ...(left === null ? [] : [`${duration(left)} left`]),
  ].join(', ');
}

/** How a run ended. */
export function endLine(name: string, { summary }: Extract<SweepEvent, { readonly kind: 'ended' }>): string {
  const { status, step, seconds, reward, accuracy, reason } = summary;
  if (status === 'failed') return `${name}: failed after ${counted(step, 'step')}: ${reason}`;
  return [
    `${name}: done, ${counted(step, 'step')} in ${duration(seconds)}`,
    ...(reward === null ? [] : [`reward ${measured(reward)}`]),
    ...(accuracy === null ? [] : [`accuracy ${measured(accuracy)}`]),
  ].join(', ');
}

/** @param specs of all runs that are to train */
export function showProgress(terminal: Terminal, specs: readonly RunSpec[]) {
  const training = new Map<string, Training>();
  const stepsOf = new Map(specs.map(({ name, config }) => [name, Number(config.steps)]));
  const nameWidth = Math.max(0, ...specs.map(({ name }) => name.length));
  const began = Date.now();
  let ended = 0;
  let drawn = 0;

  const erase = () => {
    if (drawn > 0) terminal.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    const now = Date.now();
    // lines beyond the window's upper edge could not be redrawn
    const room = Math.max(1, (terminal.rows ?? 24) - 2);
    const bars = [...training.values()].slice(0, room).map((run) => barLine(run, now, nameWidth));
    const all = `${ended} of ${counted(specs.length, 'run')} ended, ${duration((now - began) / 1000)}`;
    const lines = [...bars, all].map((line) => line.slice(0, (terminal.columns ?? 80) - 1));
    erase();
    terminal.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const list = () => {
    for (const run of training.values()) terminal.write(`${plainLine(run, Date.now())}\n`);
  };
  const timer = terminal.isTTY ? setInterval(draw, redrawn) : setInterval(list, told);

  /** Prints a line that stays, above the bars. */
  const print = (text: string) => {
    erase();
    terminal.write(`${text}\n`);
    if (terminal.isTTY) draw();
  };

  return {
    print,
    hear(event: SweepEvent) {
      const { run: name } = event;
      if (event.kind === 'started') {
        const { from: step } = event;
        const steps = stepsOf.get(name) ?? step;
        training.set(name, { name, from: step, step, steps, reward: null, kl: null, started: Date.now() });
        if (!terminal.isTTY) print(`${name}: ${step === 0 ? 'started' : `goes on after step ${step}`}`);
      }
      if (event.kind === 'row') {
        const { step, reward, kl = null } = event.row;
        const run = training.get(name);
        if (run) training.set(name, { ...run, step, reward, kl });
      }
      // what is of the sweep as a whole names no run
      if (event.kind === 'notice') print(name === '' ? event.sentence : `${name}: ${event.sentence}`);
      if (event.kind === 'ended') {
        training.delete(name);
        ended += 1;
        print(endLine(name, event));
      }
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}
