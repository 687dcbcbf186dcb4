import type { Annotations, UpdateMenu } from 'plotly.js';
import { describe, expect, it, vi } from 'vitest';
import type { TokenRow } from '../../lib/algorithms/rollouts/tokenRows';
import type { Figure } from '../../lib/notebook/figure';
import { tokenFigure } from '../../lib/notebook/figures/tokenFigure';
import { numberText } from '../../lib/notebook/numberText';
import { renderSvg } from '../../lib/notebook/staticImage';
import { diverging, sequential } from '../../lib/notebook/theme';

const title = 'What is learnt?';
const answers = [
  ['2+3', '5', 1],
  ['2+3', '4', 0],
  ['1+1', '2', 1],
  ['1+1', '3', 0],
] as const;

/** The rows of a step: four responses to two queries. */
function rowsOf(step: number): TokenRow[] {
  return answers.flatMap(([sum, answer, reward], trajectory) =>
    [...sum, 'is', answer, '<end>'].map((token, position) => ({
      step,
      trajectory,
      query: `What is ${sum}?`,
      position,
      token,
      reward: token === '<end>' ? reward : 0,
      advantage: reward ? 0.5 : -2,
      old_log_prob: -0.125 * position - step,
      log_prob: -0.25 * position - step,
      ratio: Math.exp(-0.125 * position),
      kl: 0.01 * position,
      value: null,
    })),
  );
}
const rows = [...rowsOf(5), ...rowsOf(10)];

interface Boxes {
  readonly base: number[];
  readonly x: number[];
  readonly y: number[];
  readonly text: string[];
  readonly marker: { readonly color: string[] };
  readonly insidetextfont: { readonly color: string[] };
  readonly customdata: string[][];
  readonly hovertemplate: string;
}
const boxes = (figure: Figure) => figure.data[0] as unknown as Boxes;
const menuOf = (figure: Figure) => figure.layout.updatemenus![0] as UpdateMenu;
const coloraxis = (figure: Figure) => (figure.layout as { coloraxis: object }).coloraxis;
const notes = (figure: Figure) => (figure.layout.annotations as Annotations[]).map(({ text }) => text);
const textOf = (figure: Figure) => boxes(figure).text;

/** What hovering shows, box by box. */
function hovered(figure: Figure): string[] {
  const { hovertemplate, customdata } = boxes(figure);
  return customdata.map((texts) =>
    hovertemplate.replace(/%\{customdata\[(\d+)\]\}/g, (_, i) => texts[Number(i)]!),
  );
}

/** A response of one number a token. */
const values = (...numbers: (number | null)[]) =>
  numbers.map((value, position) => ({ token: `t${position}`, position, response: 0, value }));

describe('what is drawn', () => {
  it('shows each token of the last step once, in its order, and says of which step', () => {
    const figure = tokenFigure(rows, { title });
    expect(textOf(figure)).toEqual(rowsOf(10).map(({ token }) => token.replace('<end>', '&lt;end&gt;')));
    expect(notes(figure)).toContain('4 responses of step 10');
  });

  it('shows another step, so many responses, or those that are named', () => {
    const first = tokenFigure(rows, { title, step: 5, responses: 1 });
    expect(textOf(first).join(' ')).toBe('2 + 3 is 5 &lt;end&gt;');
    expect(notes(first)).toContain('1 of 4 responses of step 5');
    const named = tokenFigure(rows, { title, responses: [3, 0, 3] });
    expect(textOf(named).join('')).toBe('1+1is3&lt;end&gt;2+3is5&lt;end&gt;');
  });

  it('sorts what comes in another order by its position', () => {
    const figure = tokenFigure([...rows].reverse(), { title, step: 5, responses: [0] });
    expect(textOf(figure).join('')).toBe('2+3is5&lt;end&gt;');
  });

  it('writes a query once before its group, and the summed reward before each response', () => {
    const figure = tokenFigure(rows, { title });
    const told = notes(figure).slice(1, -1);
    expect(told).toEqual(['reward 1', 'What is 2+3?', 'reward 0', 'reward 1', 'What is 1+1?', 'reward 0']);
    expect(new Set(boxes(figure).y)).toEqual(new Set([1, 2, 3.4, 4.4]));
  });

  it('cuts a long query, and tells it whole to who hovers it', () => {
    const query = 'What is the sum of all even numbers from one to a hundred?';
    const figure = tokenFigure([{ token: 'a', position: 0, response: 0, query, value: 1 }], { title });
    const label = (figure.layout.annotations as Annotations[]).find(({ hovertext }) => hovertext === query);
    expect(label?.text).toMatch(/^What is the sum.*…$/);
  });

  it('lets a long response go on below, inside the figure and without overlap', () => {
    const tokens = Array.from({ length: 200 }, (_, i) => 'word'.repeat(1 + (i % 30)));
    const long = tokens.map((token, position) => ({ token, position, trajectory: 7, value: position }));
    const figure = tokenFigure(long, { title });
    const { base, x, y } = boxes(figure);
    const [, end] = figure.layout.xaxis!.range as [number, number];
    base.forEach((left, i) => {
      expect(left + x[i]!).toBeLessThan(end);
      if (i > 0 && y[i] === y[i - 1]) expect(left).toBeGreaterThan(base[i - 1]! + x[i - 1]!);
    });
    expect(figure.layout.height).toBeGreaterThan(27 * y.at(-1)!);
    expect(notes(figure)).toContain('trajectory 7');
  });

  it('shows what would not be seen: blanks, line ends, nothing, tags', () => {
    const tokens = [' a', 'b c', '\n', '', ' ', '<b>', '&lt;'];
    const figure = tokenFigure(
      tokens.map((token, position) => ({ token, position, response: 0, value: 1 })),
      { title },
    );
    expect(textOf(figure)).toEqual(['␣a', 'b c', '⏎', '∅', '␣', '&lt;b&gt;', '&amp;lt;']);
  });

  it('tells responses apart by a column of names', () => {
    const compared = ['trl', 'verl'].flatMap((preset) => values(1, 2).map((row) => ({ ...row, preset })));
    const figure = tokenFigure(compared, { title, line: 'preset', color: 'value' });
    expect(notes(figure).slice(1)).toEqual(['trl', 'verl', '2 responses']);
  });
});

describe('hovering', () => {
  it('tells each quantity of each token, where it stands and what its response earned', () => {
    const step = rowsOf(10);
    const sums = answers.map(([, , reward]) => reward);
    hovered(tokenFigure(rows, { title })).forEach((text, i) => {
      const { trajectory, position, query, ...row } = step[i]!;
      expect(text).toContain(query);
      expect(text).toContain(
        `trajectory ${trajectory}, position ${position}, reward ${sums[trajectory]}<br>`,
      );
      for (const column of ['reward', 'advantage', 'old_log_prob', 'log_prob', 'ratio', 'kl'] as const) {
        const told = text.match(new RegExp(`<br>${column}(?: \\(.*?\\))?: (.*?)<`))?.[1];
        expect(told).toBe(numberText(row[column]!));
      }
      expect(text).not.toContain('value');
    });
  });

  it('says where a token lacks a quantity, or has no number', () => {
    const texts = hovered(tokenFigure(values(1, null, Number.NaN), { title }));
    expect(texts.map((text) => text.match(/value \(units of reward\): (.*?)</)?.[1])).toEqual([
      '1',
      'none',
      'NaN',
    ]);
  });
});

describe('the menu', () => {
  const figure = tokenFigure(rows, { title });

  it('offers each column of numbers but those that are empty or only tell places', () => {
    const offered = ['reward', 'advantage', 'old_log_prob', 'log_prob', 'ratio', 'kl'];
    expect(menuOf(figure).buttons.map(({ label }) => label)).toEqual(
      offered.map((one) => `colour by ${one}`),
    );
    expect(menuOf(figure).active).toBe(1);
    expect(menuOf(tokenFigure(rows, { title, color: 'kl' })).active).toBe(5);
    expect(menuOf(tokenFigure(values(1), { title })).active).toBe(0);
  });

  it('recolours all boxes, their text and the colour bar, as a figure of that quantity begins', () => {
    const columns = ['reward', 'advantage', 'old_log_prob', 'log_prob', 'ratio', 'kl'] as const;
    columns.forEach((color, i) => {
      const [traces, layout, changed] = menuOf(figure).buttons[i]!.args as unknown as [
        { 'marker.color': string[][]; 'insidetextfont.color': string[][] },
        Record<string, unknown>,
        number[],
      ];
      const drawn = tokenFigure(rows, { title, color });
      const { marker, insidetextfont } = boxes(drawn);
      expect(changed).toEqual([0]);
      expect(traces['marker.color']).toEqual([marker.color]);
      expect(traces['insidetextfont.color']).toEqual([insidetextfont.color]);
      expect(traces['marker.color'][0]).toHaveLength(rowsOf(10).length);
      expect(traces['insidetextfont.color'][0]).toHaveLength(rowsOf(10).length);
      expect(coloraxis(drawn)).toMatchObject({
        colorscale: layout['coloraxis.colorscale'],
        cmin: layout['coloraxis.cmin'],
        cmax: layout['coloraxis.cmax'],
      });
      expect(layout['annotations[0].text']).toBe(notes(drawn)[0]);
    });
  });

  it('names the quantity with its unit at the colour bar', () => {
    const titleAt = (color: 'advantage' | 'kl' | 'reward') => notes(tokenFigure(rows, { title, color }))[0];
    expect(titleAt('advantage')).toBe('advantage');
    expect(titleAt('kl')).toBe('kl (nats)');
    expect(titleAt('reward')).toBe('reward (units of reward)');
  });
});

describe('colours', () => {
  const colorsOf = (...numbers: (number | null)[]) =>
    boxes(tokenFigure(values(...numbers), { title })).marker.color;

  it('puts white at zero where there are both signs, and pale where there is one', () => {
    expect(colorsOf(-2, 0, 2)).toEqual(['#d55e00', '#ffffff', '#0072b2']);
    expect(colorsOf(-2, 0, 4)[0]).not.toBe('#d55e00');
    expect(colorsOf(0, 4)).toEqual(['#f2f8fc', '#00304d']);
    expect(colorsOf(-4, 0)).toEqual(['#d55e00', '#ffffff']);
    expect(coloraxis(tokenFigure(values(3, 4), { title }))).toMatchObject({
      cmin: 0,
      cmax: 4,
      colorscale: sequential,
    });
  });

  it('puts white at 1 for a ratio, and each ratio within the scale', () => {
    for (const ratio of [0.1, 0.7, 1.1, 1.3, 3.3]) {
      const ratios = [1, ratio].map((one, position) => ({ token: 'a', position, response: 0, ratio: one }));
      const figure = tokenFigure(ratios, { title });
      expect(boxes(figure).marker.color).toEqual(['#ffffff', ratio < 1 ? '#d55e00' : '#0072b2']);
      expect(coloraxis(figure)).toMatchObject({ colorscale: diverging });
    }
  });

  it('takes a quantity that is the same everywhere, and greys what is missing', () => {
    expect(colorsOf(0, 0)).toEqual(['#f2f8fc', '#f2f8fc']);
    expect(colorsOf(1, null, Number.POSITIVE_INFINITY)).toEqual(['#00304d', '#DDDDDD', '#DDDDDD']);
  });

  it('writes on each colour in black or white, with a contrast of 4.5 at least', () => {
    const luminance = (hex: string) => {
      const [r, g, b] = [1, 3, 5].map((at) => {
        const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const ramp = Array.from({ length: 101 }, (_, i) => i / 50 - 1);
    for (const numbers of [ramp, ramp.filter((x) => x >= 0), ramp.filter((x) => x <= 0), [1, null]]) {
      const { marker, insidetextfont } = boxes(tokenFigure(values(...numbers), { title }));
      marker.color.forEach((box, i) => {
        const [a, b] = [box, insidetextfont.color[i]!].map(luminance) as [number, number];
        expect((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)).toBeGreaterThanOrEqual(4.5);
      });
    }
  });
});

it('becomes an image with all its text, without a warning', async () => {
  const warned = vi.spyOn(console, 'trace').mockImplementation(() => {});
  const svg = await renderSvg(tokenFigure(rows, { title }));
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
  const told = ['colour by advantage', 'advantage', 'What is 1+1?', 'reward 0', '4 responses of step 10'];
  expect([title, ...told, '&#60;end&#62;'].filter((text) => !svg.includes(`>${text}</text>`))).toEqual([]);
  // Plotly moves titles out of the way of a colour bar that it takes for one at the bottom
  expect(svg.match(/class="gtitle"[^>]*/)![0]).not.toContain('translate');
});

describe('bad input', () => {
  it('is told in one sentence', () => {
    expect(() => tokenFigure([] as TokenRow[], { title })).toThrow(
      'there is no token to show in the figure "What is learnt?".',
    );
    expect(() => tokenFigure(rows, { title, color: 'advantge' as 'advantage' })).toThrow(
      'the tokens have no numbers in a column "advantge"; did you mean color: "advantage"? There are reward, advantage, old_log_prob, log_prob, ratio, kl.',
    );
    expect(() => tokenFigure(rows, { title, color: 'value' })).toThrow('no numbers in a column "value"');
    expect(() => tokenFigure(rows, { title, step: 7 })).toThrow(
      'none of the tokens is of step 7; there are 5, 10.',
    );
    expect(() => tokenFigure(values(1), { title, step: 7 })).toThrow('they have no column "step"');
    expect(() => tokenFigure(rows, { title, responses: 0 })).toThrow(
      'responses is 0; expected a whole number from 1.',
    );
    expect(() => tokenFigure(rows, { title, responses: [] })).toThrow('responses is empty');
    expect(() => tokenFigure(rows, { title, responses: [4] })).toThrow(
      'there is no trajectory 4; expected 0 to 3.',
    );
    expect(() => tokenFigure(rows, { title, line: 'trajectry' as 'trajectory' })).toThrow(
      'did you mean line: "trajectory"?',
    );
    expect(() => tokenFigure([...rows, ...rows], { title })).toThrow(
      'trajectory 0 has position 0 twice; expected a line column that tells the responses apart.',
    );
    expect(() => tokenFigure(values(null), { title })).toThrow(
      'the tokens have no column of numbers to colour them by.',
    );
  });
});
