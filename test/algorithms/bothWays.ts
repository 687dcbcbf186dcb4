import { expect } from 'vitest';
import { compiling } from '../../lib/engine/compile';
import { expectClose } from '../close';

/**
 * Runs a training as it is and compiled, with each compiled call checked against the step itself, and compares its
 * rows: to float32's noise, which a graph has of its own since it adds in another order. A step down Adam's gradient
 * brings it back at the size of the learning rate where a gradient is nearly 0, so that few steps can be compared.
 */
export async function expectBothWays<Row extends object>(
  run: () => Promise<readonly Row[]>,
  tolerance = 1e-5,
): Promise<void> {
  compiling.enabled = false;
  const asItIs = await run();
  compiling.enabled = true;
  process.env.LAB_CHECK_COMPILED = '2';
  try {
    const compiled = await run();
    expect(compiled).toHaveLength(asItIs.length);
    compiled.forEach((row, i) => {
      const expected = Object.entries(asItIs[i]!);
      for (const [column, value] of expected) {
        // what conjugate gradient leaves over is made of roundings
        if (column === 'cg_residual') continue;
        const found = (row as Readonly<Record<string, unknown>>)[column];
        if (typeof value === 'number') expectClose(found, value, tolerance);
        else expect(found, column).toBe(value);
      }
    });
  } finally {
    delete process.env.LAB_CHECK_COMPILED;
  }
}
