/**
 * A step's row under the names that TRL 1.16.0's GRPOTrainer logs: trl/trainer/grpo_trainer.py, `_metrics`; loss,
 * grad_norm and learning_rate come from the Trainer of transformers. rloo_trainer.py has the same names, so that a row
 * of REINFORCE fits too: what it has no ratio or reference for is null.
 *
 *   its name                          our column, and where they differ
 *   loss                              policy_loss, the KL term included
 *   grad_norm                         grad_norm before clipping, the mean of the updates
 *   learning_rate                     learning_rate
 *   completions/mean_length           length_mean
 *   completions/min_length            length_min
 *   completions/max_length            length_max
 *   completions/clipped_ratio         frac_cut_off
 *   completions/{mean,min,max}_terminated_length
 *                                     not in our rows: null
 *   rewards/<name>/mean               score_<name>
 *   rewards/<name>/std                not in our rows: null
 *   reward                            reward
 *   reward_std                        reward_std, n − 1, over all completions
 *   frac_reward_zero_std              frac_reward_zero_std
 *   kl                                kl (k3) of the policy that acted; TRL: of the one that is updated
 *   entropy                           entropy
 *   clip_ratio/low_mean               clip_fraction_low
 *   clip_ratio/high_mean              clip_fraction_high
 *   clip_ratio/region_mean            clip_fraction
 *   clip_ratio/{low_min,high_max}     of single completions, not in our rows: null
 *   cispo_clip_ratio                  clip_fraction_high, in place of all clip_ratio/…, where the surrogate is CISPO's
 *
 * Columns without such a name keep ours: accuracy, for one, since TRL evaluates nothing greedily. Left out: step_time,
 * for two runs of one seed have the same rows; num_tokens, which counts prompts too, where our actions are the tokens
 * that were sampled; epoch, the share of a data set that was seen.
 */
import type { GrpoConfig, GrpoRow } from '../../algorithms/grpo';
import type { Fields } from '../../errors/fields';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import { type PeerRow, peerRow } from './peerRow';

/** @param row of GRPO */
export function trlGrpo(row: TrainingRow, config: Fields): PeerRow {
  const {
    policy_loss,
    grad_norm,
    learning_rate,
    length_mean,
    length_min,
    length_max,
    frac_cut_off,
    reward,
    reward_std,
    frac_reward_zero_std,
    kl,
    entropy,
    clip_fraction_low,
    clip_fraction_high,
    clip_fraction,
    step: _,
    ...others
  } = row as unknown as GrpoRow;
  const { surrogate } = config as unknown as GrpoConfig;
  const clipRatios = {
    'clip_ratio/low_mean': clip_fraction_low,
    'clip_ratio/low_min': null,
    'clip_ratio/high_mean': clip_fraction_high,
    'clip_ratio/high_max': null,
    'clip_ratio/region_mean': clip_fraction,
  };
  const { scores, own } = withoutScores(others);
  return peerRow({
    loss: policy_loss,
    grad_norm,
    learning_rate,
    'completions/mean_length': length_mean,
    'completions/min_length': length_min,
    'completions/max_length': length_max,
    'completions/clipped_ratio': frac_cut_off,
    'completions/mean_terminated_length': null,
    'completions/min_terminated_length': null,
    'completions/max_terminated_length': null,
    ...scores,
    reward,
    reward_std,
    frac_reward_zero_std,
    kl,
    entropy,
    ...(surrogate === 'cispo' ? { cispo_clip_ratio: clip_fraction_high } : clipRatios),
    ...own,
  });
}

/** Each rule's score under TRL's name, and the other columns. */
function withoutScores(columns: Readonly<Record<string, unknown>>) {
  const scores: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(columns)) {
    const [, name] = /^score_(.*)$/.exec(column) ?? [];
    if (name === undefined) own[column] = value;
    else Object.assign(scores, { [`rewards/${name}/mean`]: value, [`rewards/${name}/std`]: null });
  }
  return { scores, own };
}
