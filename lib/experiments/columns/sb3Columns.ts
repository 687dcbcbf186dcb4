/**
 * A step's row under the names that stable-baselines3 2.9.2 logs (2.7.0 has the same): ppo/ppo.py, and what PPO and
 * TRPO share in common/{on_policy_algorithm,base_class,callbacks}.py; sb3-contrib 2.9.2: trpo/trpo.py.
 *
 *   its name                      our column, and where they differ
 *   time/iterations               step
 *   time/total_timesteps          actions
 *   rollout/ep_rew_mean           reward, of this step's trajectories; SB3: of the last 100 episodes
 *   rollout/ep_len_mean           length_mean, likewise
 *   eval/success_rate             accuracy: of the likeliest actions, as EvalCallback evaluates
 *   train/learning_rate           learning_rate; for TRPO valueLearningRate: only its critic has one
 *   train/explained_variance      explained_variance
 *   train/value_loss              value_loss before the critic is trained; SB3: the mean while it is
 * PPO:
 *   train/policy_gradient_loss    policy_loss
 *   train/entropy_loss            −entropy
 *   train/approx_kl               approx_kl (k3), the mean of all updates; SB3: of the last epoch
 *   train/clip_fraction           clip_fraction: where the clip takes the gradient away; SB3: |ρ − 1| > ε, so more
 *   train/loss                    policy_loss − entropyCoefficient · entropy + valueCoefficient · value_loss, of the
 *                                 step's means; SB3: of the last minibatch. null with a penalty on the update's KL,
 *                                 which SB3 has not
 *   train/n_updates               step · epochs: SB3 counts passes. null with klStop, which leaves some out
 *   train/clip_range              clipLow where clipHigh is the same, or else null
 *   train/clip_range_vf           valueClipRange, where there is one
 * TRPO:
 *   train/policy_objective        E[ρ Â] after the step, or before it where none was taken:
 *                                 surrogate_improvement − policy_loss
 *   train/kl_divergence_loss      kl_step, 0 where no step was taken; SB3's KL is klDirection "new-old"
 *   train/is_line_search_success  line_search_success
 *   train/n_updates               step
 *
 * Columns without such a name keep ours. A row has a rollout and the updates on it; SB3 logs a rollout beside the
 * updates on the one before. Left out: time/fps and time/time_elapsed, for two runs of one seed have the same rows;
 * eval/mean_reward and eval/mean_ep_length, which are not in our rows; train/std, of continuous actions.
 */
import type { PpoConfig, PpoRow } from '../../algorithms/ppo';
import type { TrpoConfig, TrpoRow } from '../../algorithms/trpo';
import type { Fields } from '../../errors/fields';
import type { TrainingRow } from '../definitions/algorithmDefinition';
import { type PeerRow, peerRow } from './peerRow';

/** Of a run's row, which counts the actions. */
type Logged<Row> = Row & { readonly actions: number | undefined };
type SharedRow = Logged<Pick<PpoRow & TrpoRow, 'step' | 'reward' | 'length_mean' | 'accuracy'>>;

const shared = ({ step, reward, length_mean, accuracy, actions }: SharedRow) => ({
  'time/iterations': step,
  'time/total_timesteps': actions,
  'rollout/ep_rew_mean': reward,
  'rollout/ep_len_mean': length_mean,
  'eval/success_rate': accuracy,
});

/** @param row of PPO */
export function sb3Ppo(row: TrainingRow, config: Fields): PeerRow {
  const {
    step,
    reward,
    length_mean,
    accuracy,
    actions,
    learning_rate,
    explained_variance,
    value_loss,
    policy_loss,
    entropy,
    approx_kl,
    clip_fraction,
    ...own
  } = row as unknown as Logged<PpoRow>;
  const { epochs, klStop, clipLow, clipHigh, ...coefficients } = config as unknown as PpoConfig;
  const { entropyCoefficient, valueCoefficient = 1, updateKlCoefficient = 0 } = coefficients;
  const { valueClipRange } = coefficients;
  const loss = policy_loss - entropyCoefficient * entropy + valueCoefficient * value_loss;
  return peerRow({
    ...shared({ step, reward, length_mean, accuracy, actions }),
    'train/learning_rate': learning_rate,
    'train/explained_variance': explained_variance,
    'train/value_loss': value_loss,
    'train/policy_gradient_loss': policy_loss,
    'train/entropy_loss': -entropy,
    'train/approx_kl': approx_kl,
    'train/clip_fraction': clip_fraction,
    'train/loss': updateKlCoefficient === 0 ? loss : null,
    'train/n_updates': klStop === null ? step * epochs : null,
    // a config that was JSON has "Infinity"
    'train/clip_range': clipLow === clipHigh ? Number(clipLow) : null,
    ...(valueClipRange !== null && { 'train/clip_range_vf': Number(valueClipRange) }),
    ...own,
  });
}

/** @param row of TRPO */
export function sb3Trpo(row: TrainingRow, config: Fields): PeerRow {
  const {
    step,
    reward,
    length_mean,
    accuracy,
    actions,
    explained_variance,
    value_loss,
    kl_step,
    line_search_success,
    ...own
  } = row as unknown as Logged<TrpoRow>;
  const { valueLearningRate } = config as unknown as TrpoConfig;
  return peerRow({
    ...shared({ step, reward, length_mean, accuracy, actions }),
    'train/learning_rate': valueLearningRate,
    'train/explained_variance': explained_variance,
    'train/value_loss': value_loss,
    'train/policy_objective': own.surrogate_improvement - own.policy_loss,
    'train/kl_divergence_loss': kl_step,
    'train/is_line_search_success': line_search_success,
    'train/n_updates': step,
    ...own,
  });
}
