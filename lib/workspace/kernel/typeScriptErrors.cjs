/** The errors that TypeScript found in a cell or in the files that it imports. */
class TypeScriptErrors extends Error {
  /** @param {readonly { file?: string, line: number, column: number, message: string }[]} errors */
  constructor(errors) {
    super(errors.map(({ message }) => message).join('\n'));
    this.name = 'TypeScript';
    this.errors = errors;
  }
}

module.exports = { TypeScriptErrors };
