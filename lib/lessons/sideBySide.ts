import type { PresetTokenRow } from '../algorithms/comparePresets';

/**
 * A comparison token by token, one row a token and one column for each set of choices.
 * @param column what of each token is compared
 * @param shown  further columns: for each response, what stands at each of its tokens
 */
export function sideBySide(
  tokens: readonly PresetTokenRow[],
  column: Exclude<keyof PresetTokenRow, 'preset' | 'response' | 'position'>,
  shown: Readonly<Record<string, readonly (readonly (string | number)[])[]>>,
): Record<string, string | number | null>[] {
  const [first] = tokens;
  const names = [...new Set(tokens.map(({ preset }) => preset))];
  return tokens
    .filter(({ preset }) => preset === first?.preset)
    .map(({ response, position }) => {
      const told = Object.entries(shown).map(([name, rows]) => [name, rows[response]![position]!]);
      const compared = names.map((name) => {
        const token = tokens.find(
          (row) => row.preset === name && row.response === response && row.position === position,
        );
        return [name, token?.[column] ?? null];
      });
      return Object.fromEntries([['response', response + 1], ...told, ...compared]);
    });
}
