/** The kernelspec, in the Python environment: where JupyterLab, the headless runner and editors look for kernels. */
import fs from 'node:fs';
import { join } from 'node:path';
import { kernelName, pythonLink, root } from '../environment.mjs';
import { writeAtomically } from './folders.mjs';

const source = join(root, 'lib', 'workspace', 'kernelspec');
const target = join(pythonLink, 'share', 'jupyter', 'kernels', kernelName);

/** @param {string} file */
function isInstalled(file) {
  const installed = join(target, file);
  return fs.existsSync(installed) && fs.readFileSync(installed).equals(fs.readFileSync(join(source, file)));
}

export const kernelspec = {
  label: 'kernelspec',
  isDone: () => fs.readdirSync(source).every(isInstalled),
  async make() {
    for (const file of fs.readdirSync(source))
      writeAtomically(join(target, file), fs.readFileSync(join(source, file)));
  },
};
