/**
 * What Jupyter starts: finds the project that the notebook lies in and starts the kernel there.
 * This file is copied into the Python environment, so it knows nothing of the project but the kernel's place.
 */
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const start = join('lib', 'workspace', 'kernel', 'start.cjs');

/** @param {string} folder @returns {string | undefined} the nearest folder upwards that holds the kernel */
function projectRoot(folder) {
  if (existsSync(join(folder, start))) return folder;
  return dirname(folder) === folder ? undefined : projectRoot(dirname(folder));
}

/** @param {string} sentence */
function refuse(sentence) {
  console.error(sentence);
  process.exit(1);
}

const root = projectRoot(process.cwd());
if (root === undefined) {
  refuse(
    `No project with ${start} contains ${process.cwd()}: open the notebook inside the project's folder.`,
  );
} else if (!existsSync(join(root, 'node_modules', 'tslab'))) {
  refuse(`The packages of ${root} are not installed: run \`npm start\` there.`);
} else {
  process.chdir(root);
  require(join(root, start));
}
