/** A number as people read it: whole numbers in full, others to some significant digits, without trailing zeros. */
export function numberText(value: number, digits = 4): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
}
