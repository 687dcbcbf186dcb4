/**
 * What every algorithm needs of a policy and of a critic, whether they write tokens or walk a maze.
 *
 * B trajectories of at most T steps are acted on at once. `states` holds, as tensors whose first dimension is B, what
 * is seen before each of the T actions; what it holds is between the policy and the task that made it.
 */
import type { tf } from '../engine/tensorflow';
import type { ParameterLookup, Parameters } from './parameters';

export type States = Readonly<Record<string, tf.Tensor>>;

export interface Policy<S extends States = States> {
  readonly parameters: Parameters;
  /**
   * The logits of each action at each step; a function of tensors, differentiable by the parameters.
   * @param steps     T
   * @param parameter the model's named tensors; those of `parameters` unless given
   * @returns         [B, T, A]
   */
  logits(states: S, steps: number, parameter?: ParameterLookup): tf.Tensor3D;
}

export interface Critic<S extends States = States> {
  readonly parameters: Parameters;
  /**
   * The value V(s_t) of the state before each action: the return expected from there on.
   * @param steps T
   * @returns     [B, T] in the unit of the reward
   */
  values(states: S, steps: number, parameter?: ParameterLookup): tf.Tensor2D;
}
