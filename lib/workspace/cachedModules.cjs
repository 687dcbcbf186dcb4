/**
 * `node --require ./lib/workspace/cachedModules.cjs script.ts`: as typescriptModules.cjs, for programs that start often;
 * what they compile is kept beside what kernels did.
 */
const { join } = require('node:path');
const { cacheFolder } = require('./cacheFolder.cjs');
const { keepIn } = require('./kernel/diskCache.cjs');

keepIn(join(cacheFolder, 'compiled'));
require('./typescriptModules.cjs');
