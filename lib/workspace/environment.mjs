/** Where things are: the project, what set-up keeps for every clone of it, and the Python that it made. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export { cacheFolder } from './cacheFolder.cjs';

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A link to the Python environment in the cache folder, under the name that editors look for. */
export const pythonLink = join(root, '.venv');

/** The Python that runs Jupyter. */
export const pythonPath = join(pythonLink, 'bin', 'python');

/** The kernelspec's name, as the notebooks' metadata give it. */
export const kernelName = 'tslab-workspace';

/** With `node --require`, lets a script be TypeScript. */
export const typescriptHook = join(root, 'lib', 'workspace', 'typescriptModules.cjs');
