import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { engine } from '../../../lib/engine/tensorflow';
import { expectRelative } from '../../close';

/** The kernels read the number of threads when they are loaded: each run is a process of its own. */
function run(threads: number): { threads: number; digest: string; sampled: string; sums: number[] } {
  const script = ['--require', './lib/workspace/typescriptModules.cjs', 'test/engine/kernels/threads.ts'];
  const env = { ...process.env, LAB_THREADS: String(threads) };
  return JSON.parse(execFileSync(process.execPath, script, { encoding: 'utf8', env }));
}

describe.runIf(engine.fused)('the threads of the fused kernels', () => {
  it('give the same bits in every run, and with another number of them the same up to rounding', () => {
    const [one, again, two, twice] = [1, 1, 2, 2].map(run);
    expect([one!.threads, two!.threads]).toEqual([1, 2]);
    expect(again!.digest).toBe(one!.digest);
    expect(twice!.digest).toBe(two!.digest);
    // sums of columns are sums of two halves: other bits
    expect(two!.digest).not.toBe(one!.digest);
    // responses do not depend on each other
    expect(two!.sampled).toBe(one!.sampled);
    expectRelative(two!.sums, one!.sums, 1e-5);
  });
});
