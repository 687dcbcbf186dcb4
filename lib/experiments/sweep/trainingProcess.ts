/** A process that trains one run after the other, on one thread; it starts once and serves many. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { InputError } from '../../errors/inputError';
import type { RunSummary } from '../run/runFolder';
import type { RunSpec } from '../run/runSpec';
import type { SweepEvent } from './sweepEvent';

export interface TrainingRequest {
  readonly spec: RunSpec;
  /** The folder of runs. */
  readonly runs: string;
}

/** What a training process answers: events, and why a run could not go on. */
export type TrainingAnswer = SweepEvent | { readonly kind: 'refused'; readonly reason: string };

/** Thrown where a process ended under a run: it can go on from its checkpoint in another. */
export class ProcessEnded extends Error {}

export interface TrainingProcess {
  readonly pid: number;
  /**
   * Trains a run to its end, one at a time.
   * @throws ProcessEnded where the process was killed; InputError where the run cannot go on
   */
  train(request: TrainingRequest, hear: (event: SweepEvent) => void): Promise<RunSummary>;
  /** Ends the process at once, whatever it does. */
  end(): void;
}

const script = join(__dirname, 'trainInProcess.ts');
const typescriptHook = join(__dirname, '..', '..', 'workspace', 'cachedModules.cjs');

export function startTrainingProcess(): TrainingProcess {
  const child = fork(script, {
    execArgv: ['--require', typescriptHook],
    env: { ...process.env, LAB_THREADS: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let lastWords = '';
  child.stderr?.on('data', (text) => {
    lastWords = `${lastWords}${text}`.slice(-2000);
  });
  return {
    pid: child.pid ?? 0,
    train: (request, hear) => trained(child, request, hear, () => lastWords),
    end: () => {
      child.kill('SIGKILL');
    },
  };
}

function trained(
  child: ChildProcess,
  request: TrainingRequest,
  hear: (event: SweepEvent) => void,
  lastWords: () => string,
): Promise<RunSummary> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      act();
    };
    const onMessage = (answer: unknown) => {
      const said = answer as TrainingAnswer;
      if (said.kind === 'refused') return settle(() => reject(new InputError(said.reason)));
      hear(said);
      if (said.kind === 'ended') settle(() => resolve(said.summary));
    };
    const onExit = (status: number | null, signal: string | null) => {
      const [words] = lastWords().trim().split('\n').slice(-1);
      const how = signal ? `by ${signal}` : `with status ${status}`;
      settle(() => reject(new ProcessEnded(`its process ended ${how}${words ? `: ${words}` : ''}`)));
    };
    if (child.exitCode !== null || child.signalCode !== null) return onExit(child.exitCode, child.signalCode);
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(request, (error) => {
      // the exit tells how
      if (error && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    });
  });
}
