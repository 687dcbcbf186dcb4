/** `npm start [-- JupyterLab options]`: set-up, then JupyterLab on the notebooks, with the workspace's kernel. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { kernelName, pythonPath, root } from './environment.mjs';
import { setUp } from './setup.mjs';

/** The root is the project's folder, since notebooks link to the CSVs beside theirs. */
const options = [
  `--ServerApp.root_dir=${root}`,
  `--ServerApp.preferred_dir=${join(root, 'notebooks')}`,
  '--LabApp.default_url=/lab/tree/notebooks',
  '--LabApp.custom_css=True',
  `--KernelSpecManager.allowed_kernelspecs=${kernelName}`,
  '--KernelSpecManager.ensure_native_kernel=False',
];

/** @param {string[]} args @returns {Promise<number>} the exit status */
export async function main(args) {
  await setUp();
  const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : [];
  const lab = spawn(pythonPath, ['-m', 'jupyterlab', ...options, ...asRoot, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  // Ctrl-C reaches JupyterLab too, which asks before it stops; this process waits for its answer
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => lab.kill('SIGTERM'));
  return new Promise((resolve) => lab.on('close', (status) => resolve(status ?? 1)));
}
