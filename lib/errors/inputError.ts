/**
 * A mistake in what the user gave: a file, a parameter. Its sentence says what to mend, so it carries no trace of
 * the code that noticed.
 */
export class InputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InputError';
    this.stack = `InputError: ${message}`;
  }
}
