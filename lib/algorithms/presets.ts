/**
 * What each program and paper chooses, by name, for any training loop and for comparePresets:
 *   grpo(task, policy, reference, { ...presets.dapo.grpo, steps: 100, queries: 8, groupSize: 8, evaluateEvery: 10 }, random)
 * A learning rate is one for their models; small ones here want a larger.
 */
import { cleanrl } from './presets/cleanrl';
import { openrlhf } from './presets/openrlhf';
import { dapo, deepseekMath, drGrpo, gspo } from './presets/papers';
import { sb3 } from './presets/sb3';
import { spinningUp } from './presets/spinningUp';
import { trl } from './presets/trl';
import { verl } from './presets/verl';

export const presets = Object.freeze({
  trl,
  verl,
  openrlhf,
  deepseekMath,
  drGrpo,
  dapo,
  gspo,
  spinningUp,
  sb3,
  cleanrl,
});
