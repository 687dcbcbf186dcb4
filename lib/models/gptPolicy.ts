/** A language model as a policy: the state is the query and the tokens so far, the action is the next token. */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';
import { type GptConfig, gptHiddenStates, gptLogits, gptSpecification, logitsSpecification } from './gpt';
import {
  copyParameters,
  createParameters,
  type ParameterLookup,
  type ParameterSpecification,
  type Parameters,
  unpack,
} from './parameters';
import type { Policy } from './policy';

/** What B responses of T tokens saw, their prompts padded on the left to P tokens. */
export type TokenStates = {
  /** [B, P + T − 1] int32: the prompt, and all but the response's last token */
  readonly ids: tf.Tensor2D;
  /** [B] int32: each row's first real token */
  readonly starts: tf.Tensor1D;
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
  function logits({ ids, starts }: TokenStates, steps: number, given?: ParameterLookup): tf.Tensor3D {
    return tf.tidy(() => {
      const parameter = given ?? unpack(parameters);
      return gptLogits(parameter, config, lastStates(parameter, config, ids, starts, steps));
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
  ids: tf.Tensor2D,
  starts: tf.Tensor1D,
  steps: number,
): tf.Tensor3D {
  const hidden = gptHiddenStates(parameter, config, ids, starts);
  const [batch, length, width] = hidden.shape;
  return length === steps ? hidden : hidden.slice([0, length - steps, 0], [batch, steps, width]);
}
