/** What is being measured, on stderr: in place on a terminal, else one line for each task. */
import process from 'node:process';

let last = '';

/** @param {string} task such as "XS grpo" @param {string} [detail] how far it has come */
export function progress(task, detail = '') {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kbench: ${task} ${detail}`);
  else if (task !== last) process.stderr.write(`bench: ${task} …\n`);
  last = task;
}

export function endProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  last = '';
}
