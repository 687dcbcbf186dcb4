import type { PlotData, Slider } from 'plotly.js';
import { describe, expect, it } from 'vitest';
import { barFigure } from '../../lib/notebook/figures/barFigure';
import { lineFigure } from '../../lib/notebook/figures/lineFigure';
import { sliderFigure } from '../../lib/notebook/figures/sliderFigure';

const text = { xTitle: 'ratio ρ', yTitle: 'objective' };
const line = (...y: number[]) =>
  lineFigure(
    y.map((value, x) => ({ x, y: value })),
    { ...text, x: 'x', y: 'y', title: `to ${y.at(-1)}`, reference: { y: y[0]!, label: 'start' } },
  );
const steps = [
  { label: '0.1', figure: line(0, 1) },
  { label: '0.2', figure: line(5, 10) },
];

describe('sliderFigure', () => {
  it('shows one step, and each position of the slider shows another with its title and its reference', () => {
    const { data, layout } = sliderFigure(steps, { name: 'ε =', active: '0.2' });
    expect((data as Partial<PlotData>[]).map(({ visible }) => visible)).toEqual([false, true]);
    expect(layout.title).toEqual(steps[1]!.figure.layout.title);
    const [slider] = layout.sliders as Slider[];
    expect(slider!.active).toBe(1);
    expect(slider!.steps.map(({ label, method }) => [label, method])).toEqual([
      ['0.1', 'update'],
      ['0.2', 'update'],
    ]);
    const [traces, changes] = slider!.steps[0]!.args as [object, object];
    expect(traces).toEqual({ visible: [true, false] });
    expect(changes).toMatchObject({ title: { text: 'to 1' }, shapes: [{ y0: 0 }] });
  });

  it('has one scale for all steps', () => {
    const { layout } = sliderFigure(steps, { name: 'ε =' });
    expect(layout.yaxis?.range).toEqual([0, 10.4]);
    expect(layout.xaxis?.range).toEqual([0, 1.04]);
  });

  it('keeps the zero of bars and the names under them', () => {
    const bars = (p: number) => barFigure([{ token: 'a', p }], { ...text, title: 'p', x: 'token', y: 'p' });
    const { layout } = sliderFigure(
      [
        { label: 'a', figure: bars(2) },
        { label: 'b', figure: bars(4) },
      ],
      { name: 't' },
    );
    expect(layout.yaxis?.range).toEqual([0, 4.16]);
    expect(layout.xaxis?.range).toBeUndefined();
  });

  it('makes room for each further line of the axis title', () => {
    const [one, two] = ['step', 'step<br>thick: mean of 3 seeds'].map((xTitle) => {
      const figure = lineFigure([{ x: 0, y: 0 }], { x: 'x', y: 'y', title: '', xTitle, yTitle: 'y' });
      const { layout } = sliderFigure([{ label: 'a', figure }], { name: 't' });
      return { height: layout.height!, pad: (layout.sliders as Slider[])[0]!.pad.t! };
    });
    expect(two!.height - one!.height).toBe(18);
    expect(two!.pad - one!.pad).toBe(18);
  });

  it('refuses no steps, and a step that is not there', () => {
    expect(() => sliderFigure([], { name: 'ε =' })).toThrow('the slider "ε =" has no steps');
    expect(() => sliderFigure(steps, { name: 'ε =', active: '0.3' })).toThrow(
      'the slider "ε =" has no step "0.3"; expected one of 0.1, 0.2.',
    );
  });
});
