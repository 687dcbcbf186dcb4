import { describe, expect, it } from 'vitest';
import { fused, withComposites } from '../../../lib/engine/kernels/fused';
import { engine } from '../../../lib/engine/tensorflow';

describe('withComposites', () => {
  it('is on inside only, nested or after an error', () => {
    expect(fused()).toBe(engine.fused);
    const inside = withComposites(() => [withComposites(fused), fused()]);
    expect(inside).toEqual([false, false]);
    const fail = () => {
      throw new Error('stop');
    };
    expect(() => withComposites(fail)).toThrow('stop');
    expect(fused()).toBe(engine.fused);
  });
});
