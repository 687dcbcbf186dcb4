import { distance } from 'fastest-levenshtein';

/** The name that was probably meant: the one that takes the fewest edits. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const edits = (candidate: string) => distance(name.toLowerCase(), candidate.toLowerCase());
  return [...names].sort((a, b) => edits(a) - edits(b))[0];
}
