/** Numbers under the names that a peer logs; null is a missing one. */
export type PeerRow = Readonly<Record<string, number | null>>;

/** Columns as a peer's row: what is missing is null, and what is no number, such as TRPO's `refused`, is left out. */
export function peerRow(columns: Readonly<Record<string, unknown>>): PeerRow {
  const row: Record<string, number | null> = {};
  for (const [name, value] of Object.entries(columns)) {
    if (typeof value === 'number') row[name] = value;
    else if (value === null || value === undefined) row[name] = null;
  }
  return row;
}
