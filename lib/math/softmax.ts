import { refuse } from '../errors/inputError';

/**
 * softmax(z/T)_a = e^(z_a/T) / Σ_b e^(z_b/T), in double precision.
 * @param logits      [V]
 * @param temperature T above 0
 */
export function softmax(logits: readonly number[], temperature = 1): number[] {
  if (!(temperature > 0)) refuse('temperature', temperature, 'a number above 0');
  const most = Math.max(...logits);
  const weights = logits.map((z) => Math.exp((z - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
