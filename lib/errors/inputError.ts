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

/** @throws InputError that tells a field of a config, its value and what was expected */
export function refuse(field: string, value: unknown, expected: string): never {
  throw new InputError(`${field} is ${value}; expected ${expected}.`);
}

/** @throws InputError where a field is no whole number from 1 */
export function requireCount(field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) refuse(field, value, 'a whole number from 1');
}
