/** Shows which notebooks run and how far they are: bars redrawn in place on a terminal, else a line now and then. */
import { duration } from './summary.mjs';

/** @typedef {{ name: string, cell: number, cells: number, started: number }} Running */
/** @typedef {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} Terminal */

const barWidth = 20;

/**
 * One line: name, bar, cells and elapsed time, cut to `columns`.
 * @param {Running} running @param {number} now ms @param {number} nameWidth @param {number} columns
 */
export function barLine({ name, cell, cells, started }, now, nameWidth, columns) {
  const done = cells === 0 ? 0 : Math.round((barWidth * Math.max(0, cell - 1)) / cells);
  const bar = '▓'.repeat(done) + '░'.repeat(barWidth - done);
  const state = cells === 0 ? 'starting' : `${cell}/${cells}`;
  return `${name.padEnd(nameWidth)}  ${bar}  ${state.padStart(8)}  ${duration((now - started) / 1000)}`.slice(
    0,
    columns,
  );
}

/** @param {Running} running @param {number} now ms */
export function plainLine({ name, cell, cells, started }, now) {
  const state = cells === 0 ? 'its kernel is starting' : `cell ${cell} of ${cells}`;
  return `${name}: ${state}, ${duration((now - started) / 1000)}`;
}

/**
 * @param {Terminal} terminal
 * @param {readonly string[]} names of all notebooks to run
 */
export function showProgress(terminal, names) {
  /** @type {Map<string, Running>} */
  const running = new Map();
  const nameWidth = Math.max(...names.map((name) => name.length));
  let drawn = 0;
  const erase = () => {
    if (drawn > 0) terminal.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const bars = [...running.values()].map((one) =>
      barLine(one, Date.now(), nameWidth, (terminal.columns ?? 80) - 1),
    );
    if (bars.length > 0) terminal.write(`${bars.join('\n')}\n`);
    drawn = bars.length;
  };
  const list = () => {
    for (const one of running.values()) terminal.write(`${plainLine(one, Date.now())}\n`);
  };
  const timer = terminal.isTTY ? setInterval(draw, 200) : setInterval(list, 10_000);

  /** Prints text that stays, above the bars. @param {string} text */
  const print = (text) => {
    erase();
    terminal.write(`${text}\n`);
    if (terminal.isTTY) draw();
  };
  return {
    print,
    /** @param {string} name */
    start(name) {
      running.set(name, { name, cell: 0, cells: 0, started: Date.now() });
      if (!terminal.isTTY) terminal.write(`${name}: started\n`);
    },
    /** @param {string} name @param {Partial<Running>} state */
    update(name, state) {
      const one = running.get(name);
      if (one) running.set(name, { ...one, ...state });
    },
    /** @param {string} name @param {string} text what is said of its end */
    end(name, text) {
      running.delete(name);
      print(text);
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}
