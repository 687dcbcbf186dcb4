/** `npm run data`: makes the committed inputs in data/ anew, each from the seed that data/README.md names. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { root, typescriptHook } from './environment.mjs';
import { setUp } from './setup.mjs';

/** They make texts: the same on every machine, byte for byte. */
export const scripts = ['lib/tasks/makeRankings.ts', 'lib/tasks/makeCorpora.ts'];
/** It trains models, whose last digits depend on the machine. */
const training = 'lib/experiments/makeModels.ts';

/** @returns {Promise<number>} the exit status */
export async function main() {
  await setUp();
  const statuses = [...scripts, training].map(
    (script) =>
      spawnSync(process.execPath, ['--require', typescriptHook, join(root, script)], {
        cwd: root,
        stdio: 'inherit',
      }).status,
  );
  return statuses.every((status) => status === 0) ? 0 : 1;
}
