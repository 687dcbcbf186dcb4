/**
 * How probable it is that a run of the first sample scores higher than a run of the second:
 *   P(X > Y) + P(X = Y)/2 = mean over all pairs of [x > y] + [x = y]/2 = U/(n·m),
 * with Mann and Whitney's U. ½ where neither is better; by how much does not count. Over several tasks it is the mean
 * of theirs. Of samples that do not overlap, even two of three values, the bootstrap interval is the point 0 or 1.
 * Agarwal et al. 2021, arXiv:2108.13264, section 4.3; rliable's metrics.probability_of_improvement.
 * @param first  [n] finite scores, higher is better
 * @param second [m] in the same unit; run i of the one and of the other need have nothing in common
 * @returns      from 0 to 1; NaN where either has no values
 */
export function probabilityOfImprovement(first: readonly number[], second: readonly number[]): number {
  let wins = 0;
  for (const x of first) {
    for (const y of second) wins += x > y ? 1 : x === y ? 0.5 : 0;
  }
  return wins / (first.length * second.length);
}
