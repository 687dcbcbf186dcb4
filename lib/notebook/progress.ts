/** Progress of something that takes more than a second: a bar, and with it a figure that grows. */
import { inNotebook, liveDisplay, volatile } from './display';
import type { Figure } from './figure';
import { figureBundle, liveFigureBundle } from './show';

/** The bar is redrawn at most this often, in milliseconds. */
const barInterval = 100;
/** A live figure is redrawn at most this often, in milliseconds. */
const figureInterval = 500;
const barCells = 24;

/** 72 s → "1:12"; 3672 s → "1:01:12" */
function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${twoDigits(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
}

export interface ProgressOptions {
  /** The number of steps, where it is known. */
  readonly total?: number;
  /** What goes on. */
  readonly label: string;
}

export interface ProgressBar {
  /** @param done the number of steps done; @param note what else to tell, such as the loss */
  update(done: number, note?: string): void;
  finish(): void;
  /** Says after which step it ended, and why. */
  stop(reason: string): void;
}

/** A progress bar with the time spent and, where the total is known, the time left. */
export function progressBar({ total, label }: ProgressOptions): ProgressBar {
  const line = liveDisplay();
  const start = Date.now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let done = 0;

  const bundle = (...parts: readonly string[]) => ({
    data: { 'text/plain': parts.filter(Boolean).join(' · ') },
    metadata: volatile,
  });
  const steps = () => (total === undefined ? `${done} steps` : `${done}/${total}`);

  function bar(): string {
    if (!total) return '';
    const share = Math.min(1, done / total);
    const full = Math.round(share * barCells);
    return ` ${'━'.repeat(full)}${'─'.repeat(barCells - full)} ${Math.floor(share * 100)} %`;
  }

  return {
    update(steps_, note = '') {
      done = steps_;
      const now = Date.now();
      if (now - drawnAt < barInterval) return;
      drawnAt = now;
      const elapsed = now - start;
      const left = total && done > 0 ? `, ${clock((elapsed / done) * Math.max(0, total - done))} left` : '';
      line.update(bundle(`${label}  ${steps()}${bar()}`, `${clock(elapsed)} elapsed${left}`, note));
    },
    finish() {
      line.finish(bundle(`${label}  ${steps()}${bar()}`, clock(Date.now() - start)));
    },
    stop(reason) {
      const of = total === undefined ? '' : ` of ${total}`;
      line.finish(bundle(`${label}  stopped after step ${done}${of}: ${reason}`, clock(Date.now() - start)));
    },
  };
}

export interface WatchOptions<Row> extends ProgressOptions {
  /** Rows are added here as they come, so that an interrupt keeps them. */
  readonly rows: Row[];
  /** A figure of the rows so far. */
  readonly draw?: (rows: readonly Row[]) => Figure;
  /** What the bar tells of the latest row, such as its loss. */
  readonly note?: (row: Row) => string;
}

/**
 * Runs a training loop to its end: takes each row that it yields, shows the progress, and redraws the figure in
 * place. What stays is the figure of all rows, with its image; after an error or an interrupt too, which is then
 * thrown on. The rows are not returned, since a cell prints the value of its last line.
 */
export async function watch<Row>(loop: AsyncIterable<Row>, options: WatchOptions<Row>): Promise<void> {
  const { rows, draw, note } = options;
  const bar = progressBar(options);
  const figure = draw && liveDisplay();
  let drawnAt = Date.now();
  let done = 0;

  async function drawLast(): Promise<void> {
    if (draw && rows.length > 0) figure?.finish(await figureBundle(draw(rows)));
  }

  bar.update(0);
  try {
    for await (const row of loop) {
      rows.push(row);
      done += 1;
      bar.update(done, note?.(row));
      if (draw && inNotebook() && Date.now() - drawnAt >= figureInterval) {
        figure?.update(liveFigureBundle(draw(rows)));
        drawnAt = Date.now();
      }
    }
  } catch (error) {
    bar.stop(error instanceof Error ? error.message : String(error));
    // A figure that cannot be drawn must not hide the error that ended the loop.
    await drawLast().catch(() => undefined);
    throw error;
  }
  bar.finish();
  await drawLast();
}
