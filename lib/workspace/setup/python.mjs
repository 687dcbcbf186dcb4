/** The Python environment that runs Jupyter: kept in the cache folder, linked as .venv. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { cacheFolder, pythonLink, pythonPath, root } from '../environment.mjs';
import { findProgram, runCommand } from './command.mjs';
import { obstacleOf, SetupError } from './failure.mjs';
import { contents, digest, isComplete, markComplete, requireSpace, startAfresh } from './folders.mjs';

const requirements = join(root, 'lib', 'workspace', 'requirements.txt');
const key = () => digest(contents([requirements]));

const advice = 'install Python 3.10 or newer with venv (Debian: apt install python3 python3-venv)';

/** What one Python says of itself: its version, and whether it can make environments. */
function describePython(/** @type {string} */ program) {
  const code = `
import sys
try:
    import venv, ensurepip
    able = True
except ImportError:
    able = False
print(*sys.version_info[:3], able)`;
  const { stdout } = spawnSync(program, ['-c', code], { encoding: 'utf8' });
  const [major = 0, minor = 0, patch = 0] = (stdout ?? '').split(' ').map(Number);
  return {
    program,
    version: `${major}.${minor}.${patch}`,
    recent: major === 3 && minor >= 10,
    able: /True/.test(stdout),
  };
}

/** The Python to build on: LAB_PYTHON, or the first on PATH that is recent enough and can make environments. */
export function findPython() {
  const asked = process.env.LAB_PYTHON;
  const names = asked
    ? [asked]
    : ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  const programs = names.map(findProgram).filter((program) => program !== undefined);
  const pythons = programs.map(describePython);
  const fit = pythons.find(({ recent, able }) => recent && able);
  if (fit) return fit;
  const recent = pythons.find((python) => python.recent);
  if (recent) {
    throw new SetupError(
      `Python ${recent.version} (${recent.program}) has no venv module: ${advice} and run the command again.`,
    );
  }
  const [old] = pythons;
  if (old)
    throw new SetupError(
      `Python ${old.version} (${old.program}) is too old: ${advice} and run the command again.`,
    );
  const where = asked ? `LAB_PYTHON names ${asked}, which is not there` : 'No Python was found on PATH';
  throw new SetupError(`${where}: ${advice} and run the command again.`);
}

/** Points .venv at the environment; a folder of that name that set-up did not make is left alone. */
function link(/** @type {string} */ folder) {
  const present = fs.lstatSync(pythonLink, { throwIfNoEntry: false });
  if (present && !present.isSymbolicLink()) {
    throw new SetupError(
      `${pythonLink} is in the way: set-up keeps a link of that name; move it elsewhere and run the command again.`,
    );
  }
  const temporary = `${pythonLink}.${process.pid}`;
  fs.symlinkSync(folder, temporary);
  fs.renameSync(temporary, pythonLink);
}

export const python = {
  label: 'Python environment',
  /** The base Python may have been removed since; a link to it that leads nowhere means to make the environment anew. */
  isDone: () => isComplete(pythonLink, key()) && fs.existsSync(pythonPath),
  obstacle: () => obstacleOf(findPython),
  async make() {
    const base = findPython();
    const folder = join(cacheFolder, `python-${base.version}-${key()}`);
    const program = join(folder, 'bin', 'python');
    if (!isComplete(folder, key()) || !fs.existsSync(program)) {
      requireSpace(dirname(folder), 600, this.label);
      startAfresh(folder);
      await runCommand({
        label: this.label,
        command: base.program,
        args: ['-m', 'venv', folder],
        cwd: cacheFolder,
      });
      const pip = ['-m', 'pip', 'install', '--no-input', '--no-warn-script-location', '--retries', '2'];
      await runCommand({
        label: this.label,
        command: program,
        args: [...pip, '-r', requirements],
        cwd: cacheFolder,
      });
      markComplete(folder, key());
    }
    link(folder);
  },
};
