/** Not that of the files, which may be edited while a test runs. */
export const codeOfTests = 'under-test';
