// How late entries reach this client: for each that it applied as it came, how much later than the fastest message of
// the last minutes, so that the two clocks need not agree (cpp/protocol/delay_view.hpp is its twin and says more).
const GROUPS_MAX = 16;
const REMEMBERED_MS = 300_000;
const FINEST_MS = 0.125;
const STEP_AT_LEAST_MS = 60_000; // a minute late, or the server's clock was set back: no measurement

// Eighths of an octave, so that alike values fall together.
function rounded(ms: number): number {
  const step = 2 ** Math.floor(Math.log2(ms)) / 8;
  return ms < FINEST_MS ? 0 : Math.round(ms / step) * step;
}

export function createDelayView() {
  let fastest = Infinity;
  let fastestBefore = Infinity;
  let since = 0;
  const groups = new Map<number, number>();
  return {
    /** A message with the server's time of sending came, in epoch seconds; `isEntry`: it was applied as it came. */
    heard(now: number, ts: number, isEntry: boolean) {
      const took = now - ts * 1e3;
      const age = now - since;
      if (age >= REMEMBERED_MS) {
        fastestBefore = age >= 2 * REMEMBERED_MS ? Infinity : fastest;
        fastest = Infinity;
        since = now;
      }
      fastest = Math.min(fastest, took);
      const late = took - Math.min(fastest, fastestBefore);
      if (!isEntry) return;
      if (late >= STEP_AT_LEAST_MS) {
        fastest = took;
        fastestBefore = Infinity;
        return;
      }
      let ms = rounded(late);
      // Full: with the next larger one, so that nothing looks faster than it was.
      if (!groups.has(ms) && groups.size >= GROUPS_MAX) {
        const known = [...groups.keys()].sort((a, b) => a - b);
        ms = known.find((each) => each > ms) ?? (known.at(-1) as number);
      }
      groups.set(ms, (groups.get(ms) ?? 0) + 1);
    },

    /** Since the last call: [milliseconds, entries], each group within an eighth of its values; undefined for none. */
    take(): [number, number][] | undefined {
      const told = [...groups].sort(([a], [b]) => a - b);
      groups.clear();
      return told.length ? told : undefined;
    },
  };
}
