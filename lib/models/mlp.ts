/**
 * Policy and critic for numbered states, such as a robot's in a maze: a state is one-hot, then come hidden layers of
 * tanh, as in Spinning Up and CleanRL. Without a hidden layer it is a table: a logit for each state and action.
 */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import {
  createParameters,
  type ParameterLookup,
  type ParameterSpecification,
  type Parameters,
  unpack,
} from './parameters';
import type { Critic, Policy } from './policy';

/** What B trajectories of T steps saw. */
export type NumberedStates = {
  /** [B, T] int32 */
  readonly positions: tf.Tensor2D;
};

export interface MlpConfig {
  /** How many states there are. */
  readonly states: number;
  /** The widths of the hidden layers. */
  readonly hidden: readonly number[];
}

export interface MlpPolicyConfig extends MlpConfig {
  readonly actions: number;
}

export interface MlpPolicy extends Policy<NumberedStates> {
  readonly config: MlpPolicyConfig;
}

export interface MlpCritic extends Critic<NumberedStates> {
  readonly config: MlpConfig;
}

/** Weights start normal with variance 1/inputs, those of the last layer 100 times smaller: nearly uniform at first. */
export function mlpSpecification({ states, hidden }: MlpConfig, outputs: number): ParameterSpecification {
  const widths = [states, ...hidden, outputs];
  const specification: Record<string, ParameterSpecification[string]> = {};
  for (let layer = 1; layer < widths.length; layer++) {
    const inputs = layer === 1 ? 1 : widths[layer - 1]!;
    const scale = layer === widths.length - 1 ? 0.01 : 1;
    specification[`layer${layer}.weight`] = {
      shape: [widths[layer - 1]!, widths[layer]!],
      initial: { normal: scale / Math.sqrt(inputs) },
    };
    specification[`layer${layer}.bias`] = { shape: [widths[layer]!], initial: 'zeros' };
  }
  return specification;
}

/** [B, T] positions → [B, T, outputs] */
function mlp(
  parameter: ParameterLookup,
  { states, hidden }: MlpConfig,
  { positions }: NumberedStates,
): tf.Tensor3D {
  let x: tf.Tensor = tf.oneHot(positions.flatten(), states);
  for (let layer = 1; layer <= hidden.length + 1; layer++) {
    x = x.matMul(parameter(`layer${layer}.weight`)).add(parameter(`layer${layer}.bias`));
    if (layer <= hidden.length) x = x.tanh();
  }
  return x.reshape([...positions.shape, x.shape[1]!]);
}

export function createMlpPolicy(config: MlpPolicyConfig, random: Random): MlpPolicy {
  return mlpPolicy(config, createParameters(mlpSpecification(config, config.actions), random));
}

/** The policy of given parameters, such as those read from a file. */
export function mlpPolicy(config: MlpPolicyConfig, parameters: Parameters): MlpPolicy {
  return {
    config,
    parameters,
    logits: (states, _steps, parameter) =>
      tf.tidy(() => mlp(parameter ?? unpack(parameters), config, states)),
  };
}

export function createMlpCritic(config: MlpConfig, random: Random): MlpCritic {
  return mlpCritic(config, createParameters(mlpSpecification(config, 1), random));
}

/** The critic of given parameters. */
export function mlpCritic(config: MlpConfig, parameters: Parameters): MlpCritic {
  return {
    config,
    parameters,
    values: (states, _steps, parameter) =>
      tf.tidy(() => mlp(parameter ?? unpack(parameters), config, states).squeeze<tf.Tensor2D>([2])),
  };
}
