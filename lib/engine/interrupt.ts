/**
 * How a long computation stays interruptible: JavaScript receives a signal only when the event loop turns, so a
 * training loop awaits `checkInterrupt()` once a step.
 */

/** Thrown into a computation that the researcher interrupted. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** The kernel leaves this function in the process; it tells whether the calling cell was interrupted. */
export const interruptedKey = Symbol.for('lab.kernel.interrupted');

/** Lets the event loop turn once, then throws `Interrupted` if the cell that runs this code was interrupted. */
export async function checkInterrupt(): Promise<void> {
  await new Promise(setImmediate);
  const interrupted = (globalThis as { [interruptedKey]?: () => boolean })[interruptedKey];
  if (interrupted?.()) throw new Interrupted();
}
