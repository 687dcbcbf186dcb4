/**
 * A submitter as its own machine has it, for tests that kill it; one event a line on stdout.
 *   node -r ./lib/workspace/typescriptModules.cjs test/experiments/queue/submitterProcess.ts URL RUNS < SPECS.json
 */
import { readFileSync } from 'node:fs';
import { sweepByRedis } from '../../../lib/experiments/queue/redisSweep';
import type { RunSpec } from '../../../lib/experiments/run/runSpec';
import { codeOfTests } from './codeOfTests';

const [url, runs] = process.argv.slice(2);

async function main(): Promise<void> {
  const specs = JSON.parse(readFileSync(0, 'utf8')) as RunSpec[];
  for await (const event of sweepByRedis(specs, {
    url: url!,
    runs: runs!,
    code: codeOfTests,
    checkEvery: 1000,
  })) {
    console.log(JSON.stringify(event));
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
