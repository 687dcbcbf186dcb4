/**
 * A worker as its own machine has it, for tests that kill it.
 *   node -r ./lib/workspace/typescriptModules.cjs test/experiments/queue/workerProcess.ts URL WORKERS TAKEOVER_MS
 */
import { redisWorker } from '../../../lib/experiments/queue/redisWorker';
import { codeOfTests } from './codeOfTests';

const [url, workers, takeoverAfter] = process.argv.slice(2);
redisWorker({
  url: url!,
  workers: Number(workers),
  takeoverAfter: Number(takeoverAfter),
  code: codeOfTests,
  tell: (sentence) => console.log(sentence),
}).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
