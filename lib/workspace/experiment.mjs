/** `npm run experiment`: trains, lists, shows, compares and exports runs; lib/commandLine/ says how. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './environment.mjs';
import { setUp } from './setup.mjs';

/** Of those that lib/commandLine/options.ts knows; npm has a --workspace, a --tag, but none of these. */
const options = [
  'task',
  'preset',
  'seed',
  'set',
  'config',
  'resume',
  'workers',
  'out',
  'redis',
  'checkpoint-every',
  'keep',
  'completions-every',
  'tensorboard',
  'metric',
  'to',
];

/** Written without `--`, an option is npm's, which keeps it in the environment. @param {NodeJS.ProcessEnv} env */
export function optionKeptByNpm(env) {
  return options.find((name) => env[`npm_config_${name.replaceAll('-', '_')}`]);
}

/** @param {string[]} args @returns {Promise<number>} the exit status */
export async function main(args) {
  const kept = optionKeptByNpm(process.env);
  if (kept) {
    console.error(
      `npm took --${kept} for an option of its own: write \`npm run experiment -- … --${kept} …\`.`,
    );
    return 2;
  }
  await setUp();
  const hook = join(root, 'lib', 'workspace', 'cachedModules.cjs');
  const script = join(root, 'lib', 'commandLine', 'main.ts');
  const child = spawn(process.execPath, ['--require', hook, script, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  // who stops this process means the one that works; a terminal reaches both, which does no harm
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(name, () => child.kill(name));
  }
  const [status] = await once(child, 'exit');
  return status ?? 1;
}
