import type { Data } from 'plotly.js';
import { InputError } from '../../errors/inputError';
import { mean } from '../../math/statistics';
import { ahead, type Cell, type Maze, moves, type Walk } from '../../tasks/maze';
import { type Figure, type FigureText, figureWidth, numberOrNull, titledLayout } from '../figure';
import { color, diverging, ink, sequential } from '../theme';

export interface MazeOptions extends Pick<FigureText, 'title'> {
  /**
   * The value of each state, in the unit of the reward. A cell's colour is the mean over its four headings: what
   * awaits a robot that is put there facing any way, as walks start.
   */
  readonly values?: readonly number[];
  /** The values at the ends of the colour scale, where several figures are to be compared. */
  readonly valueRange?: readonly [least: number, most: number];
  /** The action that a policy takes in each state: triangles show in which directions it drives on. */
  readonly actions?: readonly number[];
  /** Who goes back the same way keeps to the right, so that there and back are two lines. */
  readonly path?: Pick<Walk, 'states' | 'actions' | 'ended'>;
}

/** Up to this many cells carry their values as text, where no path or triangle is in the way. */
const labelledCells = 150;
const wallColor = '#8C8C8C';
const pathColor = color(1);
const forward = moves.indexOf('forward');

/** In CSS pixels: the side of a cell at most, the room for all of them, and the height that a colour bar needs. */
const largestCell = 48;
const room = { width: 500, height: 440 };
const colorbarHeight = 200;
const margin = { l: 64, r: 24, t: 48, b: 56 };
const legendHeight = 28;

/** How far right of the cells' middles the path runs, in cells. */
const lane = 0.12;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The middle of a cell, moved by some cells in the direction of a heading. Rows and columns count from 1. */
function pointIn({ row, column }: Cell, heading = 0, by = 0): Point {
  const { row: down, column: right } = ahead[heading % 4]!;
  return { x: column + 1 + by * right, y: row + 1 + by * down };
}

const between = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const coordinates = (points: readonly Point[]) => ({
  x: points.map(({ x }) => x),
  y: points.map(({ y }) => y),
});

/** A maze drawn to scale: the value of each cell as its colour, what a policy does, and the path of one walk. */
export function mazeFigure(maze: Maze, options: MazeOptions): Figure {
  const { title, values, actions, path } = options;
  requireStates(maze, 'values', values);
  requireStates(maze, 'actions', actions);
  const { lines } = maze;
  const columns = lines[0]!.length;
  const cell = Math.min(largestCell, room.width / columns, room.height / lines.length);
  const right = (cell * columns) / (figureWidth - margin.l - margin.r);
  const data: Data[] = [
    floorTrace(maze),
    ...(values ? [valueTrace(maze, values, options, right)] : []),
    exitTrace(maze),
    ...(actions ? [drivesTrace(maze, actions)] : []),
    ...(path ? pathTraces(maze, path) : []),
  ];

  const layout = titledLayout({ title, xTitle: 'column', yTitle: 'row' });
  const showlegend = Boolean(actions || path);
  const bottom = margin.b + (showlegend ? legendHeight : 0);
  const margins = { ...margin, ...layout.margin, b: bottom };
  const toScale = {
    showgrid: false,
    tick0: 0,
    dtick: Math.max(columns, lines.length) > 20 ? 5 : 1,
    constrain: 'domain',
  } as const;
  return {
    data,
    layout: {
      ...layout,
      // a wider page would move the colour bar away from the maze
      width: figureWidth,
      height: margins.t + Math.max(cell * lines.length, values ? colorbarHeight : 0) + bottom,
      margin: margins,
      plot_bgcolor: wallColor,
      xaxis: {
        ...layout.xaxis,
        ...toScale,
        range: [0.5, columns + 0.5],
        domain: [0, right],
        constraintoward: 'left',
      },
      yaxis: {
        ...layout.yaxis,
        ...toScale,
        range: [lines.length + 0.5, 0.5],
        scaleanchor: 'x',
        constraintoward: 'top',
      },
      showlegend,
    },
  };
}

function requireStates({ name, transitions }: Maze, what: string, given?: readonly number[]): void {
  if (!given || given.length === transitions.length) return;
  throw new InputError(
    `${name} has ${transitions.length} states, but ${given.length} ${what} are given for them.`,
  );
}

/** One trace of squares: a number for each cell, null for none. */
function squares({ lines }: Maze, z: readonly (readonly (number | null)[])[]) {
  return {
    type: 'heatmap' as const,
    x: Array.from(lines[0]!, (_, i) => i + 1),
    y: lines.map((_, i) => i + 1),
    z: z.map((row) => [...row]),
    xgap: 1,
    ygap: 1,
    hoverongaps: false,
  };
}

/** The floors and the exit, on the walls' ground. */
function floorTrace(maze: Maze): Data {
  return {
    ...squares(
      maze,
      maze.lines.map((line) => Array.from(line, (sign) => (sign === '#' ? null : 0))),
    ),
    colorscale: [
      [0, 'white'],
      [1, 'white'],
    ],
    showscale: false,
    hoverinfo: 'skip',
  };
}

function valueTrace(
  maze: Maze,
  values: readonly number[],
  { valueRange, actions, path }: MazeOptions,
  right: number,
): Data {
  const z = maze.lines.map((line) => Array.from(line, (): number | null => null));
  maze.floors.forEach(({ row, column }, i) => {
    z[row]![column] = numberOrNull(mean(values.slice(4 * i, 4 * i + 4)));
  });
  const shown = z.flat().filter((value): value is number => value !== null);
  const [least, most] = valueRange ?? [Math.min(...shown), Math.max(...shown)];
  const farthest = Math.max(-least, most);
  const labelled = !path && !actions && shown.length <= labelledCells;
  return {
    ...squares(maze, z),
    name: 'value',
    ...(least < 0 && most > 0
      ? { colorscale: diverging, zmin: -farthest, zmax: farthest }
      : { colorscale: sequential, zmin: least, zmax: most }),
    hovertemplate: 'row %{y}, column %{x}: %{z:.4~g}<extra></extra>',
    ...(labelled && { texttemplate: '%{z:.2~g}' }),
    colorbar: {
      title: { text: 'value (reward),<br>mean over headings', side: 'right' },
      x: right,
      outlinewidth: 0,
      thickness: 16,
    },
  };
}

function exitTrace({ exit }: Maze): Data {
  return {
    ...coordinates([pointIn(exit)]),
    mode: 'text',
    text: ['<b>exit</b>'],
    hoverinfo: 'skip',
    showlegend: false,
  };
}

const triangles = ['triangle-up', 'triangle-right', 'triangle-down', 'triangle-left'] as const;

/** A triangle at each edge over which the policy drives when it faces that way. */
function drivesTrace({ floors }: Maze, actions: readonly number[]): Data {
  const states = actions.flatMap((action, state) => (action === forward ? [state] : []));
  return {
    ...coordinates(states.map((state) => pointIn(floors[Math.floor(state / 4)]!, state, 0.36))),
    mode: 'markers',
    name: 'drives on when facing this way',
    marker: {
      symbol: states.map((state) => triangles[state % 4]!),
      size: 7,
      color: 'white',
      line: { color: ink, width: 1 },
    },
    hoverinfo: 'skip',
  };
}

/** From one cell into the next. */
interface Drive {
  readonly from: Cell;
  readonly to: Cell;
  readonly heading: number;
}

function pathTraces(
  { floors, exit, transitions }: Maze,
  { states, actions, ended }: Pick<Walk, 'states' | 'actions' | 'ended'>,
): Data[] {
  const cellOf = (state: number) => floors[Math.floor(state / 4)]!;
  const drives: Drive[] = [];
  const bumps: Point[] = [];
  states.forEach((state, i) => {
    if (actions[i] !== forward) return;
    const next = transitions[state]![forward]!;
    const from = cellOf(state);
    const heading = state % 4;
    if (next === 'wall') bumps.push(pointIn(from, heading, 0.4));
    else drives.push({ from, to: next === 'exit' ? exit : cellOf(next), heading });
  });
  const [first, last] = [drives[0], drives.at(-1)];
  const arrows = drives.map(({ from, to, heading }) =>
    between(pointIn(from, heading + 1, lane), pointIn(to, heading + 1, lane)),
  );
  const resting = pointIn(cellOf(states[0]!));
  const start = first ? pointIn(first.from, first.heading + 1, lane) : resting;
  const stop = last ? pointIn(last.to, last.heading + 1, lane) : resting;
  const marks = (name: string, points: readonly Point[], marker: object): Data => ({
    ...coordinates(points),
    mode: 'markers',
    name,
    marker: { color: 'white', line: { color: pathColor, width: 2 }, ...marker },
    hoverinfo: 'skip',
  });
  return [
    {
      // out of the exit's way, where its name stands
      ...coordinates([
        ...drives.flatMap((drive, i) => bend(drives[i - 1], drive)),
        ended ? arrows.at(-1)! : stop,
      ]),
      mode: 'lines',
      line: { color: pathColor, width: 2.5 },
      hoverinfo: 'skip',
      showlegend: false,
    },
    marks(`${ended ? 'way out' : 'path'}, ${states.length} action${states.length === 1 ? '' : 's'}`, arrows, {
      symbol: drives.map(({ heading }) => triangles[heading]!),
      size: 9,
      color: pathColor,
    }),
    marks('start', [start], { symbol: 'circle', size: 13 }),
    ...(bumps.length > 0
      ? [marks(`into a wall, ${bumps.length}×`, bumps, { symbol: 'x-thin', size: 8 })]
      : []),
    ...(ended ? [] : [marks('stuck', [stop], { symbol: 'square', size: 11 })]),
  ];
}

/** Where the path passes the cell in which a drive begins: the lines on the right of both drives meet there. */
function bend(before: Drive | undefined, { from, heading }: Drive): Point[] {
  const right = pointIn(from, heading + 1, lane);
  if (!before || before.heading === heading) return [right];
  const { row, column } = ahead[before.heading]!;
  if ((before.heading + 2) % 4 !== heading) {
    return [between(pointIn(from, before.heading + 1, 2 * lane), pointIn(from, heading + 1, 2 * lane))];
  }
  // it turns round: on beyond the middle, across, and back
  return [before.heading, heading].map((one) => {
    const { x, y } = pointIn(from, one + 1, lane);
    return { x: x + lane * column, y: y + lane * row };
  });
}
