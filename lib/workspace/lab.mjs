/**
 * The commands of package.json: `node lib/workspace/lab.mjs <command> [arguments]`.
 * What a command needs is imported only after Node has been checked, since older versions cannot load it.
 */
import process from 'node:process';
import { SetupError } from './setup/failure.mjs';
import { checkNode } from './setup/node.mjs';

/** @type {Record<string, () => Promise<{ main(args: string[]): Promise<number> }>>} */
const commands = {
  reproduce: () => import('./reproduce.mjs'),
  test: () => import('./test.mjs'),
  start: () => import('./start.mjs'),
  doctor: () => import('./doctor.mjs'),
  data: () => import('./data.mjs'),
  setup: () => import('./setup.mjs'),
  bench: () => import('./bench.mjs'),
  experiment: () => import('./experiment.mjs'),
};

async function run() {
  const [name = '', ...args] = process.argv.slice(2);
  const load = commands[name];
  if (!load)
    throw new SetupError(`"${name}" is no command; expected one of ${Object.keys(commands).join(', ')}.`);
  checkNode(process.versions.node, process.platform);
  const { main } = await load();
  return main(args);
}

run().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  },
);
