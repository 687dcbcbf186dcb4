/**
 * The first evaluated step of a learning curve from which on no evaluation is below the level; null where the last one
 * is, or there is none. Steps without an evaluation have the accuracy null.
 */
export function solvedAt(
  level: number,
  curve: readonly { readonly step: number; readonly accuracy: number | null }[],
): number | null {
  const evaluated = curve.filter(({ accuracy }) => accuracy !== null);
  const lastBelow = evaluated.map(({ accuracy }) => accuracy! < level).lastIndexOf(true);
  return evaluated[lastBelow + 1]?.step ?? null;
}
