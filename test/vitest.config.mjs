import { defineConfig } from 'vitest/config';

const numerical = ['test/{engine,models,losses,advantages,algorithms}/**/*.test.ts'];
const endToEnd = ['test/endToEnd/**/*.test.ts'];
/** Each runs every notebook, one after the other, in a kernel that keeps one core busy. */
const notebooks = ['test/endToEnd/{jupyterLab,notebooks}.test.ts'];

/** The numerical tests run on one engine as on any other. */
const onEngine = (/** @type {string} */ name) => ({
  extends: /** @type {const} */ (true),
  test: { name, include: numerical, setupFiles: ['test/setupEngine.ts'], env: { LAB_ENGINE: name } },
});

/** Files that begin when those of a lower order have ended. */
const inTurn = (
  /** @type {string} */ name,
  /** @type {{ include: string[], exclude?: string[], maxWorkers: number, order: number }} */ {
    include,
    exclude = [],
    maxWorkers,
    order,
  },
) => ({
  extends: /** @type {const} */ (true),
  test: {
    name,
    include,
    exclude,
    maxWorkers,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    sequence: { groupOrder: order },
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      onEngine('native'),
      onEngine('wasm'),
      onEngine('cpu'),
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...numerical, ...endToEnd] },
      },
      // real kernels, browsers, set-ups and killed processes: never beside the others
      inTurn('notebooks', { include: notebooks, maxWorkers: 2, order: 1 }),
      inTurn('end to end', { include: endToEnd, exclude: notebooks, maxWorkers: 1, order: 2 }),
    ],
  },
});
