/** The versions of Node, and the platforms, on which everything here runs. */
import { SetupError } from './failure.mjs';

/**
 * Refuses a Node or a platform on which TensorFlow.js's Node package does not load.
 * @param {string} version such as "20.20.2"
 * @param {string} platform as process.platform
 */
export function checkNode(version, platform) {
  const major = Number(version.split('.')[0]);
  const advice = 'install Node 22 (or 20) and run the command again';
  if (platform === 'win32') {
    throw new SetupError('This workspace runs on Linux and macOS: on Windows, use it inside WSL 2.');
  }
  if (major < 20) throw new SetupError(`Node ${version} is too old for this workspace: ${advice}.`);
  if (major > 22) {
    throw new SetupError(`Node ${version} is too new for TensorFlow.js's native package (4.22): ${advice}.`);
  }
}
