import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const numerical = ['test/{engine,models,losses,advantages,algorithms}/**/*.test.ts'];
const endToEnd = ['test/endToEnd/**/*.test.ts'];

/** The numerical tests run on one engine as on any other. */
const onEngine = (/** @type {string} */ name) => ({
  extends: /** @type {const} */ (true),
  test: { name, include: numerical, setupFiles: ['test/setupEngine.ts'], env: { LAB_ENGINE: name } },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // left to itself, Vitest leaves one core free: on two, half of them
    maxWorkers: availableParallelism(),
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
      {
        extends: true,
        // real kernels, browsers, set-ups and killed processes: one at a time, and never beside the others
        test: {
          name: 'end to end',
          include: endToEnd,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
