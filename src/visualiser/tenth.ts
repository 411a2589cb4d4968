/** To a tenth of a pixel: more would only make the drawing longer. */
export function tenth(value: number | undefined): number {
  return Math.round((value ?? 0) * 10) / 10;
}
