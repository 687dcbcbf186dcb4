/**
 * What is kept for every clone: Python environments, native libraries and what kernels compiled; LAB_CACHE moves it.
 * A module of its own, since the kernel can import nothing that imports node:process, which opens the process's streams
 * (see `redirectToCells`).
 */
const { homedir } = require('node:os');
const { join } = require('node:path');

function userCache() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

const cacheFolder = process.env.LAB_CACHE || join(userCache(), 'trpo-to-grpo-lab');

module.exports = { cacheFolder };
