/** The peers' environment in the cache folder, and the library that makes MKL take its AVX-512 path on any processor. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder, root } from '../environment.mjs';
import { findProgram, runCommand } from '../setup/command.mjs';
import { SetupError } from '../setup/failure.mjs';
import { contents, digest, requireSpace, writeAtomically } from '../setup/folders.mjs';
import { findPython } from '../setup/python.mjs';

export const peersFolder = join(root, 'test', 'benchmarks', 'peers');

/** Where torch.compile keeps what it has compiled, which takes a minute for each size. */
export const compiledFolder = join(cacheFolder, 'torchinductor');

/** The Python of the peers' environment, which is installed once. */
export async function peerPython() {
  const requirements = join(peersFolder, 'requirements.txt');
  const folder = join(cacheFolder, `peers-${digest(contents([requirements]))}`);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete');
  if (existsSync(stamp)) return python;
  const label = 'PyTorch and TRL';
  const { program } = findPython();
  mkdirSync(cacheFolder, { recursive: true });
  requireSpace(cacheFolder, 3000, label);
  const pip = ['-m', 'pip', 'install', '--no-input', '--no-warn-script-location', '--retries', '2'];
  await runCommand({ label, command: program, args: ['-m', 'venv', folder], cwd: cacheFolder });
  await runCommand({ label, command: python, args: [...pip, '-r', requirements], cwd: cacheFolder });
  writeAtomically(stamp, '');
  return python;
}

/** Whether MKL, by itself, leaves AVX-512 aside on this processor. @param {string} processor its name */
export const leavesAvx512Aside = (processor) => /\bAMD\b/.test(processor);

/** Makes MKL take its AVX-512 path on an AMD processor too. @param {string} folder */
export function avx512Library(folder) {
  const compiler = process.env.CC || 'cc';
  const library = join(folder, 'avx512.so');
  const args = ['-shared', '-fPIC', '-O2', join(peersFolder, 'avx512.c'), '-o', library];
  if (!findProgram(compiler) || spawnSync(compiler, args, { stdio: 'inherit' }).status !== 0) {
    throw new SetupError(
      `The library that makes MKL use AVX-512 was not compiled: it takes a C compiler, and ${compiler} failed (Debian: apt install gcc).`,
    );
  }
  return library;
}

/** torch.compile writes C++. */
export function requireCompiler() {
  const compiler = process.env.CXX || 'g++';
  if (findProgram(compiler)) return;
  throw new SetupError(
    `torch.compile takes a C++ compiler, and ${compiler} was not found (Debian: apt install g++).`,
  );
}
