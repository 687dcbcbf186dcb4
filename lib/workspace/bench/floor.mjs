/** The least that a step can take: its floating-point operations at the best rate of a matrix product. */

/**
 * @typedef {{ layers: number, width: number, prompts: number, groupSize: number, promptLength: number, responseLength: number }} Shape
 */

/**
 * Multiplications and additions of one pass over all tokens of a batch. A prompt is computed once for its group, and
 * the last token of a response never.
 *   a token: 24·width² for each layer's matrices, 4·width for each token that attention sees, 2·width for each logit
 * @param {Shape} shape @param {number} vocabularySize
 */
export function forwardFlops(
  { layers, width, prompts, groupSize, promptLength, responseLength },
  vocabularySize,
) {
  const responses = prompts * groupSize;
  const fed = responseLength - 1;
  const tokens = prompts * promptLength + responses * fed;
  // the tokens seen: each sees itself and those before it
  const seenInPrompt = (promptLength * (promptLength + 1)) / 2;
  const seenInResponse = promptLength * fed + (fed * (fed + 1)) / 2;
  const seen = prompts * seenInPrompt + responses * seenInResponse;
  const logits = responses * responseLength * vocabularySize;
  return layers * (24 * width * width * tokens + 4 * width * seen) + 2 * width * logits;
}

/**
 * A step of GRPO: one pass by the policy that samples, one by the reference, and one in training, whose gradient takes
 * as much again twice.
 * @param {Shape} shape @param {number} vocabularySize
 */
export const grpoFlops = (shape, vocabularySize) => 5 * forwardFlops(shape, vocabularySize);
