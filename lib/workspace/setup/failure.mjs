/** What can go wrong outside this project, said in one sentence each. */

/** A failure that the user can mend; its message is the whole of what they are shown. */
export class SetupError extends Error {}

const fullDisk = /ENOSPC|No space left on device|Disk quota exceeded/i;
const unreachable =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|NewConnectionError|NameResolutionError|Failed to establish a new connection|Read timed out|ConnectTimeout|ProxyError|Temporary failure in name resolution/;

/** The line of a command's output that says what went wrong: the first that calls itself an error, else the last. */
function tellingLine(/** @type {string} */ output) {
  const lines = output.split('\n').map((line) => line.trim());
  const error = lines.find((line) =>
    /^(npm error (?!code|errno|syscall)\S|error:|fatal)|: error: /i.test(line),
  );
  return error ?? lines.filter(Boolean).at(-1) ?? 'no output';
}

/**
 * Turns the output of a failed command into the sentence that helps.
 * @param {string} label what was being made, such as "npm packages"
 * @param {string} output all that the command printed
 * @param {string} folder where it wrote
 * @param {string} log the file that keeps the output
 */
export function explainFailure(label, output, folder, log) {
  if (fullDisk.test(output)) {
    return new SetupError(
      `The disk of ${folder} is full (${label}): free some space and run the command again.`,
    );
  }
  if (unreachable.test(output)) {
    return new SetupError(
      `The package registry is out of reach (${label}): check the network and the proxy settings of npm and pip, then run the command again.`,
    );
  }
  return new SetupError(`Set-up failed at "${label}": ${tellingLine(output)} (all of its output: ${log}).`);
}

/** The sentence that `check` throws, if it does. @param {() => unknown} check @returns {string | undefined} */
export function obstacleOf(check) {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof SetupError) return error.message;
    throw error;
  }
}
