import { InputError } from '../errors/inputError';
import type { Models } from '../models/modelDescription';
import { loadModel } from '../models/saveModel';
import type { Tokenizer } from '../models/tokenizer';

/**
 * A saved model that reads text, with the tokenizer that it was trained with.
 * @throws InputError where the folder does not hold both
 */
export function loadLanguageModel<K extends 'gpt-policy' | 'reward-model'>(
  folder: string,
  kind: K,
): { readonly model: Models[K]; readonly tokenizer: Tokenizer } {
  const { model, tokenizer } = loadModel(folder, kind);
  if (tokenizer) return { model, tokenizer };
  throw new InputError(`the ${kind} in ${folder} was saved without its tokenizer; expected both.`);
}
