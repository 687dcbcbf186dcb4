/** The kernelspec, JupyterLab's settings and its style, in the Python environment: where Jupyter and editors look. */
import fs from 'node:fs';
import { join } from 'node:path';
import { pythonLink, root } from '../environment.mjs';
import { writeAtomically } from './folders.mjs';

const source = join(root, 'lib', 'workspace', 'jupyter');

/** JupyterLab takes its style from the user's own folder, or from this one of its server. */
function styleFolder() {
  const lib = join(pythonLink, 'lib');
  const version = fs.existsSync(lib) && fs.readdirSync(lib).find((name) => name.startsWith('python'));
  return join(lib, version || 'python3', 'site-packages', 'jupyter_server', 'static');
}

/** @param {string} file a path below the source */
function targetOf(file) {
  return join(file.startsWith('custom') ? styleFolder() : join(pythonLink, 'share', 'jupyter'), file);
}

function files() {
  const paths = fs.readdirSync(source, { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => fs.statSync(join(source, path)).isFile());
}

/** @param {string} file */
function isInstalled(file) {
  const installed = targetOf(file);
  return fs.existsSync(installed) && fs.readFileSync(installed).equals(fs.readFileSync(join(source, file)));
}

export const jupyter = {
  label: 'Jupyter settings',
  isDone: () => files().every(isInstalled),
  async make() {
    for (const file of files()) writeAtomically(targetOf(file), fs.readFileSync(join(source, file)));
  },
};
