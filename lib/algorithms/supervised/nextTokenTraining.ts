/** Learning to predict the next token of given sequences: what pre-training and fine-tuning share. */
import { tf } from '../../engine/tensorflow';
import type { Random } from '../../math/random';
import type { GptPolicy, TokenStates } from '../../models/gptPolicy';
import type { Sequence } from '../../models/sequences';
import { type ImitationRow, imitate } from './imitate';
import type { StepTargets } from './stepTargets';
import type { HeldOut, SupervisedConfig } from './supervise';

/** Sequences padded on the right: each row starts at column 0. */
export function seeTokens(ids: tf.Tensor2D): TokenStates {
  return { ids, starts: tf.zeros<tf.Rank.R1>([ids.shape[0]], 'int32') };
}

/** At each of a response's tokens and at its end, given all before: the state is seen at the token before. */
export function nextTokenTargets({ ids, responseStart }: Sequence): StepTargets {
  return { seen: ids.slice(0, -1), start: responseStart - 1, targets: ids.slice(responseStart) };
}

/** One row a step. The policy is trained in place; an interrupt leaves it as the last step left it. */
export function trainNextToken(
  policy: GptPolicy,
  sequences: readonly Sequence[],
  config: SupervisedConfig,
  random: Random,
  heldOut: HeldOut<Sequence> | null,
): AsyncGenerator<ImitationRow, void> {
  const others = heldOut && { ...heldOut, examples: heldOut.examples.map(nextTokenTargets) };
  return imitate(policy, seeTokens, sequences.map(nextTokenTargets), config, random, others);
}
