/** What a mistyped name was probably meant to be. */

/**
 * Levenshtein's distance: the insertions, deletions and replacements of a character that lead from one to the other.
 * @param {string} from @param {string} to
 */
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/**
 * The candidates nearest to `name`, best first: each is compared as far as `name` is long, since names are
 * typed by their beginnings.
 * @param {string} name
 * @param {readonly string[]} candidates
 * @param {(candidate: string) => string[]} spellings how a candidate may be typed
 */
export function nearest(name, candidates, spellings) {
  const distance = (/** @type {string} */ candidate) =>
    Math.min(...spellings(candidate).map((spelling) => editDistance(name, spelling.slice(0, name.length))));
  return [...candidates].sort((a, b) => distance(a) - distance(b)).slice(0, 3);
}
