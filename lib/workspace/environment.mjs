/** Where things are: the project, what set-up keeps for every clone of it, and the Python that it made. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function userCache() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** Python environments and native libraries, keyed by version and shared by all clones; LAB_CACHE moves it. */
export const cacheFolder = process.env.LAB_CACHE || join(userCache(), 'trpo-to-grpo-lab');

/** A link to the Python environment in the cache folder, under the name that editors look for. */
export const pythonLink = join(root, '.venv');

/** The Python that runs Jupyter. */
export const pythonPath = join(pythonLink, 'bin', 'python');

/** The kernelspec's name, as the notebooks' metadata give it. */
export const kernelName = 'tslab-workspace';

/** With `node --require`, lets a script be TypeScript. */
export const typescriptHook = join(root, 'lib', 'workspace', 'typescriptModules.cjs');
