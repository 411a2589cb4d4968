export const quantileOfSorted = (values: ArrayLike<number>, q: number): number =>
  values[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;

export const quantile = (values: readonly number[], q: number): number =>
  quantileOfSorted(
    values.toSorted((a, b) => a - b),
    q,
  );

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const round = (value: number): number => Number(value.toFixed(3));

export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/** Median, smallest and largest over the runs. */
export const spread = (values: readonly number[]): Spread => ({
  median: round(median(values)),
  min: round(Math.min(...values)),
  max: round(Math.max(...values)),
});
