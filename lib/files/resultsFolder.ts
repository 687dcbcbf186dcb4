import { join } from 'node:path';

/** Where results go: LAB_RESULTS, which the headless runner sets, or data/results. */
export const resultsFolder = (): string => process.env.LAB_RESULTS || join(process.cwd(), 'data', 'results');
