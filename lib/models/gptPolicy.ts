/** A language model as a policy: the state is the query and the tokens so far, the action is the next token. */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptLogits, gptPacked, gptSpecification, logitsSpecification, repeated } from './gpt';
import {
  copyParameters,
  createParameters,
  type ParameterLookup,
  type ParameterSpecification,
  type Parameters,
  unpack,
} from './parameters';
import type { Policy } from './policy';

/** What B responses of T tokens saw: Q prompts, each of them shared by B/Q consecutive responses, and their tokens. */
export type TokenStates = {
  /** [Q, P] int32, padded on the left; or whole sequences, of which the last T positions count */
  readonly ids: tf.Tensor2D;
  /** [Q] int32: each row's first real token */
  readonly starts: tf.Tensor1D;
  /** [B, T − 1] int32: all but each response's last token */
  readonly responses?: tf.Tensor2D;
};

export interface GptPolicy extends Policy<TokenStates> {
  readonly config: GptConfig;
}

export function gptPolicySpecification(config: GptConfig): ParameterSpecification {
  return { ...gptSpecification(config), ...logitsSpecification(config) };
}

export function createGptPolicy(config: GptConfig, random: Random): GptPolicy {
  return gptPolicy(config, createParameters(gptPolicySpecification(config), random));
}

/** The policy of given parameters, such as those read from a file. */
export function gptPolicy(config: GptConfig, parameters: Parameters): GptPolicy {
  function logits(states: TokenStates, steps: number, given?: ParameterLookup): tf.Tensor3D {
    return tf.tidy(() => {
      const parameter = given ?? unpack(parameters);
      const hidden = lastStates(parameter, config, states, steps);
      const [batch, , width] = hidden.shape;
      const flat = gptLogits(parameter, config, hidden.reshape([batch * steps, width]));
      return flat.reshape([batch, steps, config.vocabularySize]);
    });
  }
  return { config, parameters, logits };
}

/** The same policy in parameters of its own: a reference policy, while the other is trained. */
export function copyGptPolicy({ config, parameters }: GptPolicy): GptPolicy {
  return gptPolicy(config, copyParameters(parameters));
}

/** The hidden states at the last `steps` positions, from which each of the T actions is predicted: [B, T, width]. */
export function lastStates(
  parameter: ParameterLookup,
  config: GptConfig,
  states: TokenStates,
  steps: number,
): tf.Tensor3D {
  const { ids, responses } = states;
  const { width } = config;
  const [prompts, promptLength] = ids.shape;
  const { hidden } = gptPacked(parameter, config, states);
  const ofPrompts = responses ? hidden.slice([0, 0], [prompts * promptLength, width]) : hidden;
  const wide = ofPrompts.reshape<tf.Tensor3D>([prompts, promptLength, width]);
  const last = (count: number) => wide.slice([0, promptLength - count, 0], [prompts, count, width]);
  if (!responses) return steps === promptLength ? wide : last(steps);
  const [rows, length] = responses.shape;
  const ofResponses = hidden.slice([prompts * promptLength, 0], [rows * length, width]);
  const own = ofResponses.reshape<tf.Tensor3D>([rows, length, width]);
  return tf.concat<tf.Tensor3D>([repeated(last(1), rows / prompts), own], 1);
}
