/** Statistics of plain numbers. */

/** The mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * √(Σ(x − mean)² / (n − ddof)). Equal values give exactly 0.
 * @param ddof 1 for a sample's estimate of its population (TRL, verl), 0 for the values themselves (numpy's default)
 */
export function standardDeviation(values: readonly number[], ddof: 0 | 1): number {
  const [first] = values;
  if (values.length > ddof && values.every((value) => value === first)) return 0;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - ddof));
}

/** The standard error of the mean of independent values, from their sample standard deviation. */
export function standardError(values: readonly number[]): number {
  return standardDeviation(values, 1) / Math.sqrt(values.length);
}

/**
 * The share of the variance of `returns` that `values` explain: 1 − Var(returns − values) / Var(returns).
 * 1 is perfect, 0 no better than a constant, below 0 worse. NaN where the returns are all equal.
 */
export function explainedVariance(returns: readonly number[], values: readonly number[]): number {
  const errors = returns.map((value, i) => value - values[i]!);
  const variance = standardDeviation(returns, 0) ** 2;
  return variance === 0 ? Number.NaN : 1 - standardDeviation(errors, 0) ** 2 / variance;
}

/** 1/(1 + e^−x), without overflow. */
export function sigmoid(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

/**
 * The number with 15 significant digits, as many as each double keeps: 0.8 · 0.9 is 0.7200000000000001 in binary
 * arithmetic, and 0.72 here.
 */
export function fifteenDigits(value: number): number {
  return Number(value.toPrecision(15));
}
