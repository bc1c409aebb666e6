// How late entries reach this client: for each that it applied as it came, how much later than the fastest message of
// the last minutes, so that the two clocks need not agree (cpp/protocol/delay_view.hpp is its twin and says more).
const GROUPS_MAX = 16;
const KEPT_MAX = 4_096; // entries between two heartbeats; more are not measured
const REMEMBERED_MS = 300_000;
const STEP_AT_LEAST_MS = 60_000; // a minute late, or the server's clock was set back: no measurement

export function createDelayView() {
  let fastest = Infinity;
  let fastestBefore = Infinity;
  let since = 0;
  let delays: number[] = [];
  return {
    /** A message with the server's time of sending came, in epoch seconds; `isEntry`: it was applied as it came. */
    heard(now: number, ts: number, isEntry: boolean) {
      const took = now - ts * 1e3;
      if (now - since >= REMEMBERED_MS) {
        fastestBefore = fastest;
        fastest = took;
        since = now;
      }
      fastest = Math.min(fastest, took);
      const late = took - Math.min(fastest, fastestBefore);
      if (late >= STEP_AT_LEAST_MS) {
        fastest = took;
        fastestBefore = Infinity;
      } else if (isEntry && delays.length < KEPT_MAX) delays.push(late);
    },

    /**
     * Since the last call, as [milliseconds, entries] in at most 16 groups of alike size, each by its latest entry, so
     * that nothing looks faster than it was; undefined for none.
     */
    take(): [number, number][] | undefined {
      const sorted = delays.sort((a, b) => a - b);
      const size = Math.ceil(sorted.length / GROUPS_MAX);
      const groups: [number, number][] = [];
      delays = [];
      while (sorted.length) {
        const group = sorted.splice(0, size);
        groups.push([+(group.at(-1) as number).toFixed(3), group.length]);
      }
      return groups.length ? groups : undefined;
    },
  };
}
