/** What a critic costs: PPO's step beside GRPO's, counted. */
import { tf } from '../../engine/tensorflow';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';
import type { Parameters } from '../../models/parameters';
import type { Critic } from '../../models/policy';
import { stepCost } from '../stepCost';

export interface PassCounts {
  /** Of the policy, reference and critic together, sampling apart. */
  forward: number;
  /** Those of them that were followed by a backward pass. */
  backward: number;
}

/** The model, which counts each time that it is asked for its logits or values. */
export function countingPolicy(policy: GptPolicy, counts: PassCounts): GptPolicy {
  return {
    ...policy,
    logits: (...given) => {
      count(counts);
      return policy.logits(...given);
    },
  };
}

export function countingCritic(critic: Critic<TokenStates>, counts: PassCounts): Critic<TokenStates> {
  return {
    ...critic,
    values: (...given) => {
      count(counts);
      return critic.values(...given);
    },
  };
}

function count(counts: PassCounts): void {
  counts.forward += 1;
  // a tape is kept only where a gradient is asked for
  if (tf.engine().state.gradientDepth > 0) counts.backward += 1;
}

export interface TrainedModels {
  readonly policy: GptPolicy;
  readonly critic: Critic<TokenStates> | null;
  readonly reference: GptPolicy | null;
}

export interface CostRow {
  readonly algorithm: string;
  /** Models in memory, the reward apart. */
  readonly models: number;
  readonly parameters: number;
  readonly trained_parameters: number;
  /** Adam's two for each trained parameter. */
  readonly optimizer_moments: number;
  /** Of parameters, moments and one gradient for each trained parameter, in float32. */
  readonly bytes: number;
  /** The most that the tensors of one step took at once. */
  readonly peak_bytes_of_step: number;
  readonly forward_passes: number;
  readonly backward_passes: number;
}

/**
 * Counts one step of a loop.
 * @param start the loop with the models that it is given
 */
export async function countedCost(
  algorithm: string,
  { policy, critic, reference }: TrainedModels,
  start: (models: TrainedModels) => AsyncGenerator<unknown, unknown>,
): Promise<CostRow> {
  const counts: PassCounts = { forward: 0, backward: 0 };
  const counting = {
    policy: countingPolicy(policy, counts),
    critic: critic && countingCritic(critic, counts),
    reference: reference && countingPolicy(reference, counts),
  };
  const { peak_bytes } = await stepCost(start(counting));
  const size = ({ vector }: Parameters) => vector.size;
  const trained = size(policy.parameters) + (critic ? size(critic.parameters) : 0);
  const all = trained + (reference ? size(reference.parameters) : 0);
  return {
    algorithm,
    models: 1 + (critic ? 1 : 0) + (reference ? 1 : 0),
    parameters: all,
    trained_parameters: trained,
    optimizer_moments: 2 * trained,
    bytes: 4 * (all + 3 * trained),
    peak_bytes_of_step: peak_bytes,
    forward_passes: counts.forward,
    backward_passes: counts.backward,
  };
}
