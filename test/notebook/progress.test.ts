import type { PlotData } from 'plotly.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkInterrupt, interruptedKey } from '../../lib/engine/interrupt';
import { lineFigure } from '../../lib/notebook/figures/lineFigure';
import { progressBar, watch } from '../../lib/notebook/progress';
import { enterNotebook, leaveNotebook, remaining, type Shown } from './fakeNotebook';

interface Row {
  readonly step: number;
  readonly loss: number;
}

const draw = (rows: readonly Row[]) =>
  lineFigure(rows, { title: 'Loss', x: 'step', y: 'loss', xTitle: 'step', yTitle: 'loss (nats)' });

let shown: Shown[];
let clock: number;
beforeEach(() => {
  shown = enterNotebook();
  clock = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => clock);
});
afterEach(() => {
  leaveNotebook();
  vi.restoreAllMocks();
});

/** A loop whose steps take 200 ms by the clock of this file. */
async function* train(steps: number, failAt = Number.POSITIVE_INFINITY): AsyncGenerator<Row> {
  for (let step = 1; step <= steps; step++) {
    await checkInterrupt();
    if (step === failAt) throw new Error('the loss is NaN');
    clock += 200;
    yield { step, loss: 1 / step };
  }
}

const isFigure = ({ data }: Shown) => 'application/vnd.plotly.v1+json' in data;
const texts = () => shown.filter((output) => !isFigure(output)).map(({ data }) => data['text/plain']);
const points = (output: Shown) =>
  (output.data['application/vnd.plotly.v1+json'] as { data: Partial<PlotData>[] }).data[0]!.x!.length;

describe('progressBar', () => {
  it('tells steps, share, time spent and left, in one output that is not kept', () => {
    const bar = progressBar({ total: 400, label: 'reward model' });
    bar.update(0);
    clock = 12_000;
    bar.update(60, 'loss 0.31');
    clock = 3_600_000 + 62_000;
    bar.finish();
    expect(texts()).toEqual([
      'reward model  0/400 ──────────────────────── 0 % · 0:00 elapsed',
      'reward model  60/400 ━━━━──────────────────── 15 % · 0:12 elapsed, 1:08 left · loss 0.31',
      'reward model  60/400 ━━━━──────────────────── 15 % · 1:01:02',
    ]);
    expect(remaining(shown)).toHaveLength(1);
    expect(shown.every(({ metadata }) => (metadata.lab as { volatile: boolean }).volatile)).toBe(true);
  });

  it('is redrawn at most ten times a second', () => {
    const bar = progressBar({ label: 'steps' });
    for (let step = 1; step <= 1000; step++) {
      clock += 1;
      bar.update(step);
    }
    bar.finish();
    expect(shown).toHaveLength(11);
    expect(texts().at(-1)).toBe('steps  1000 steps · 0:01');
  });
});

describe('watch', () => {
  it('keeps every row, redraws the figure in place and leaves the figure of all rows with its image', async () => {
    const rows: Row[] = [];
    await watch(train(10), { rows, total: 10, label: 'training', draw, note: ({ loss }) => `loss ${loss}` });
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(texts()).toContain(
      'training  5/10 ━━━━━━━━━━━━──────────── 50 % · 0:01 elapsed, 0:01 left · loss 0.2',
    );

    const drawn = shown.filter(isFigure);
    expect(drawn.map(points)).toEqual([3, 6, 9, 10]);
    expect(drawn.map(({ data }) => 'image/png' in data)).toEqual([false, false, false, true]);
    const [bar, figure, ...others] = remaining(shown);
    expect(others).toEqual([]);
    expect(bar!.data['text/plain']).toBe('training  10/10 ━━━━━━━━━━━━━━━━━━━━━━━━ 100 % · 0:02');
    expect(figure!.metadata).not.toHaveProperty('lab');
  });

  it('leaves the same figure however long the steps took', async () => {
    await watch(train(4), { rows: [], label: 'slow', draw });
    const slow = remaining(shown).find(isFigure)!;
    shown = enterNotebook();
    vi.spyOn(Date, 'now').mockReturnValue(0);
    await watch(train(4), { rows: [], label: 'quick', draw });
    const quick = remaining(shown).find(isFigure)!;
    expect(quick.data).toEqual(slow.data);
    expect(quick.metadata).toEqual(slow.metadata);
  });

  it('after an error: says where it stopped, keeps the rows, draws them, and throws on', async () => {
    const rows: Row[] = [];
    const run = watch(train(10, 4), { rows, total: 10, label: 'training', draw });
    await expect(run).rejects.toThrow('the loss is NaN');
    expect(rows).toHaveLength(3);
    const [bar, figure] = remaining(shown);
    expect(bar!.data['text/plain']).toBe('training  stopped after step 3 of 10: the loss is NaN · 0:01');
    expect(points(figure!)).toBe(3);
    expect(figure!.data).toHaveProperty('image/png');
  });

  it('after an interrupt: the same', async () => {
    const rows: Row[] = [];
    Object.assign(globalThis, { [interruptedKey]: () => rows.length === 2 });
    const run = watch(train(10), { rows, label: 'training', draw });
    await expect(run).rejects.toMatchObject({ name: 'Interrupted' });
    Reflect.deleteProperty(globalThis, interruptedKey);
    expect(rows).toHaveLength(2);
    expect(texts().at(-1)).toBe('training  stopped after step 2: interrupted · 0:00');
    expect(remaining(shown).filter(isFigure).map(points)).toEqual([2]);
  });

  it('an error before the first row is the error that is seen', async () => {
    const failing = () => {
      throw new Error('cannot draw');
    };
    await expect(watch(train(3, 1), { rows: [], label: 'training', draw: failing })).rejects.toThrow(
      'loss is NaN',
    );
    await expect(watch(train(3, 2), { rows: [], label: 'training', draw: failing })).rejects.toThrow(
      'loss is NaN',
    );
  });
});
