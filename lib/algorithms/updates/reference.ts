/** How far the policy is from a reference policy, often the fine-tuned one that it started from. */
import { tf } from '../../engine/tensorflow';
import { InputError } from '../../errors/inputError';
import { mean } from '../../math/statistics';
import type { Rollout } from '../rollouts/rollout';
import { unpadRows } from '../rollouts/rows';

export function requireReference(klCoefficient: number, reference: object | null): void {
  if (klCoefficient === 0 || reference) return;
  throw new InputError(`klCoefficient is ${klCoefficient}, but there is no reference policy to hold on to.`);
}

/** log π − log π_ref (k1) at each action of each trajectory, for the policy that acted, in nats. */
export async function logRatioRows(
  { logProbs, trajectories }: Rollout,
  refLogProbs: tf.Tensor2D,
): Promise<number[][]> {
  const difference = tf.tidy(() => logProbs.sub<tf.Tensor2D>(refLogProbs));
  const rows = await unpadRows(difference, trajectories);
  difference.dispose();
  return rows;
}

/** k3 = e^(−k1) + k1 − 1, averaged over all actions: never negative, and unbiased for KL(π‖π_ref). */
export function meanK3(logRatios: readonly (readonly number[])[]): number {
  return mean(logRatios.flat().map((k1) => Math.expm1(-k1) + k1));
}
