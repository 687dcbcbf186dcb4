import { compiledOnce, compileEvaluation } from '../../engine/compile';
import { checkInterrupt } from '../../engine/interrupt';
import { tf } from '../../engine/tensorflow';
import { type RewardModel, rewardScores } from '../../models/rewardModel';
import { longest, padSequences, type Sequence } from '../../models/sequences';

export type SequenceBatch = {
  /** [B, T] int32 */
  readonly ids: tf.Tensor2D;
  /** [B, T] 1 at each sequence's last token */
  readonly ends: tf.Tensor2D;
};

/** @param length T */
export function sequenceBatch(sequences: readonly Sequence[], length: number): SequenceBatch {
  const ends = new Float32Array(sequences.length * length);
  sequences.forEach(({ ids }, row) => {
    if (ids.length > 0) ends[row * length + ids.length - 1] = 1;
  });
  return { ids: padSequences(sequences, length), ends: tf.tensor2d(ends, [sequences.length, length]) };
}

/** Sequences scored at once: enough to fill the engine, little enough to fit any memory. */
const scoredAtOnce = 256;

/** A reward model's score of each sequence, in nats. */
export async function scoreSequences(model: RewardModel, sequences: readonly Sequence[]): Promise<number[]> {
  const length = longest(sequences);
  const evaluate = compiledOnce(model, 'scores', () =>
    compileEvaluation(({ ids, ends }: SequenceBatch) => rewardScores(model, ids, ends)),
  );
  const scores: number[] = [];
  for (let start = 0; start < sequences.length; start += scoredAtOnce) {
    const chunk = sequences.slice(start, start + scoredAtOnce);
    const tensor = tf.tidy(() => evaluate(sequenceBatch(chunk, length)));
    scores.push(...(await tensor.data()));
    tensor.dispose();
    await checkInterrupt();
  }
  return scores;
}
