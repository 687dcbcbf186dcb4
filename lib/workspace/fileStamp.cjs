const { statSync } = require('node:fs');

/**
 * A text that differs whenever the file's content may: the time of change is compared in nanoseconds, with the size.
 * @param {string} path
 * @returns {string} empty for a file that is not there
 */
function fileStamp(path) {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}` : '';
}

module.exports = { fileStamp };
