/** With what a run was made: commit and versions. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../environment.mjs';

/** @param {string[]} args */
function git(args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The commit, "+ changes" where files differ from it; '' outside of git. */
export function commit() {
  const hash = git(['rev-parse', '--short', 'HEAD']);
  if (!hash) return '';
  return git(['status', '--porcelain']) ? `${hash} + changes` : hash;
}

/** @returns {Record<string, string>} */
export function versions() {
  const packages = {
    project: '.',
    tslab: 'node_modules/tslab',
    'TensorFlow.js': 'node_modules/@tensorflow/tfjs',
  };
  const version = (/** @type {string} */ folder) =>
    JSON.parse(fs.readFileSync(join(root, folder, 'package.json'), 'utf8')).version;
  return {
    Node: process.versions.node,
    ...Object.fromEntries(Object.entries(packages).map(([name, folder]) => [name, version(folder)])),
  };
}
