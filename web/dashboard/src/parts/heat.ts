// What a heatmap is drawn from: which buckets are worth a row, what they are called, how strong a count shows.
import type { History } from "../core/answers.js";
import { duration } from "../core/format.js";

export type Counts = NonNullable<History["heatmap"]>;

/** `2 ms to 4 ms`, `below 1 ms`, `beyond 10 s` */
export function bucketName(bounds: readonly number[], row: number): string {
  const below = bounds[row - 1];
  const above = bounds[row];
  if (below === undefined) return `below ${duration(above)}`;
  return above === undefined ? `beyond ${duration(below)}` : `${duration(below)} to ${duration(above)}`;
}

/** The rows worth drawing: those with something in them, with one to each side, at least six. */
export function rowsUsed({ bounds_ms, counts }: Counts): [number, number] {
  let first = Infinity;
  let last = -1;
  for (const step of counts) {
    step?.forEach((n, row) => {
      if (n === 0) return;
      first = Math.min(first, row);
      last = Math.max(last, row);
    });
  }
  if (last < 0) return [0, Math.min(6, bounds_ms.length)];
  first = Math.max(0, first - 1);
  return [first, Math.min(bounds_ms.length, Math.max(last + 1, first + 5))];
}

/** From 0 to 1; by the logarithm, so that a few slow ones beside thousands of fast ones are seen. */
export const shade = (n: number, most: number): number =>
  n === 0 ? 0 : 0.18 + (0.82 * Math.log1p(n)) / Math.log1p(most);
