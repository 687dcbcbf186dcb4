/** ∞ in JSON, which has none: the text "Infinity". */

/** The same with the text in place of each ∞, at any depth. */
export const withText = (value: unknown): unknown =>
  everywhere(value, (inner) => (inner === Number.POSITIVE_INFINITY ? 'Infinity' : inner));

/** The same with ∞ in place of each such text. */
export const withInfinity = (value: unknown): unknown =>
  everywhere(value, (inner) => (inner === 'Infinity' ? Number.POSITIVE_INFINITY : inner));

function everywhere(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => everywhere(inner, change));
  if (typeof value !== 'object' || value === null) return change(value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, everywhere(inner, change)]));
}
