/** The npm packages, exactly as the lockfile names them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../environment.mjs';
import { runCommand } from './command.mjs';
import { contents, digest, isComplete, markComplete, markIncomplete, requireSpace } from './folders.mjs';

const folder = join(root, 'node_modules');
const key = () => digest(contents([join(root, 'package-lock.json')]));

/** npm's own program when npm started this process, so that the same npm installs; else the one on PATH. */
function npm() {
  const program = process.env.npm_execpath;
  return program && existsSync(program) ? [process.execPath, program] : ['npm'];
}

export const packages = {
  label: 'npm packages',
  isDone: () => isComplete(folder, key()),
  async make() {
    requireSpace(root, 1000, this.label);
    markIncomplete(folder);
    const [command = '', ...args] = [...npm(), 'ci', '--include=dev', '--prefer-offline'];
    await runCommand({ label: this.label, command, args, cwd: root });
    markComplete(folder, key());
  },
};
