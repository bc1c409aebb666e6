// The last hour, as charts take it: columns in step with a column of times.
import type { Column, History } from "./answers.js";

export const HISTORY = "/monitoring/history";
export const HISTORY_EVERY_MS = 10_000;

/** Unix seconds of each step. */
export function timesOf({ end, step_s, series }: History): number[] {
  const steps = Math.max(0, ...Object.values(series).map(({ length }) => length));
  return Array.from({ length: steps }, (_, i) => end - (steps - 1 - i) * step_s);
}

/** A series by name; nothing known of all its steps where the server does not tell it. */
export const columnOf = (history: History, name: string, steps: number): Column =>
  history.series[name] ?? new Array<null>(steps).fill(null);

/** When the first step began; milliseconds since 1970. */
export const knownFrom = (history: History): number => ((timesOf(history)[0] ?? history.end) - history.step_s) * 1e3;

export function lastKnown(column: Column): number | null {
  for (let i = column.length - 1; i >= 0; --i) {
    const value = column[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

export function extremes(column: Column): { lowest: number; highest: number } | null {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const value of column) {
    if (value === null) continue;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return lowest <= highest ? { lowest, highest } : null;
}

/** Sums of so many steps each, the last one of the newest. */
export function summed(column: Column, each: number): number[] {
  const sums: number[] = [];
  for (let end = column.length; end > 0; end -= each) {
    sums.unshift(column.slice(Math.max(0, end - each), end).reduce<number>((sum, value) => sum + (value ?? 0), 0));
  }
  return sums;
}

/** How often each time falls into one of so many equal parts between `from` and `to`. */
export function countByStep(times: readonly number[], from: number, to: number, steps: number): number[] {
  const counts = new Array<number>(steps).fill(0);
  for (const at of times) {
    const step = Math.floor(((at - from) / (to - from)) * steps);
    if (step >= 0 && step < steps) counts[step] = (counts[step] as number) + 1;
  }
  return counts;
}
