/** Language models small enough to train in a test, and what tests do with a trainer's rows. */
import { tf } from '../../lib/engine/tensorflow';
import { seededRandom } from '../../lib/math/random';
import { createGptPolicy, type GptPolicy } from '../../lib/models/gptPolicy';
import { disposeParameters, type Parameters } from '../../lib/models/parameters';
import { createTokenizer, type Tokenizer } from '../../lib/models/tokenizer';

export const size = { layers: 1, heads: 2, width: 16 };

export function tinyPolicy(tokenizer: Tokenizer, contextLength: number, seed = 1): GptPolicy {
  const vocabularySize = tokenizer.vocabulary.length;
  return createGptPolicy({ ...size, vocabularySize, contextLength }, seededRandom(seed));
}

export const wordsOf = (texts: readonly string[]) => createTokenizer(texts, 'words');

/**
 * A trainer's rows, from a model that is disposed of.
 * @param after reads what it needs of the trained model
 */
export async function rowsOf<Row, M extends { readonly parameters: Parameters }>(
  model: M,
  train: (model: M) => AsyncGenerator<Row, void>,
  after: (model: M) => Promise<void> = async () => undefined,
): Promise<Row[]> {
  const rows: Row[] = [];
  try {
    for await (const row of train(model)) rows.push(row);
    await after(model);
    return rows;
  } finally {
    disposeParameters(model.parameters);
  }
}

/** The parameters as numbers. */
export const valuesOf = ({ parameters }: { readonly parameters: Parameters }) =>
  Array.from(parameters.vector.dataSync());

/** The different numbers of tensors that there are at the rows of a training, and before and after it. */
export async function tensorCounts(train: () => AsyncGenerator<unknown, void>) {
  const before = tf.memory().numTensors;
  const during = new Set<number>();
  for await (const _ of train()) during.add(tf.memory().numTensors);
  return { before, during: [...during], after: tf.memory().numTensors };
}

/** −Σ p log p, in nats. */
export const entropyOf = (...probabilities: readonly number[]) =>
  probabilities.reduce((sum, p) => sum - p * Math.log(p), 0);
