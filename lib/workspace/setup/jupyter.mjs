/** The kernelspec and JupyterLab's settings, in the Python environment: where Jupyter and editors look for them. */
import fs from 'node:fs';
import { join } from 'node:path';
import { pythonLink, root } from '../environment.mjs';
import { writeAtomically } from './folders.mjs';

const source = join(root, 'lib', 'workspace', 'jupyter');
const target = join(pythonLink, 'share', 'jupyter');

/** Paths below both folders. */
function files() {
  const paths = fs.readdirSync(source, { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => fs.statSync(join(source, path)).isFile());
}

/** @param {string} file */
function isInstalled(file) {
  const installed = join(target, file);
  return fs.existsSync(installed) && fs.readFileSync(installed).equals(fs.readFileSync(join(source, file)));
}

export const jupyter = {
  label: 'Jupyter settings',
  isDone: () => files().every(isInstalled),
  async make() {
    for (const file of files()) writeAtomically(join(target, file), fs.readFileSync(join(source, file)));
  },
};
