// How late entries reach this client: for each that it applied as it came, how much later than the fastest message of
// the last minutes, so that the two clocks need not agree (cpp/protocol/delay_view.hpp is its twin and says more).
const GROUPS_MAX = 16;
const REMEMBERED_MS = 300_000;
const FINEST_MS = 0.125;
const STEP_AT_LEAST_MS = 60_000; // a minute late, or the server's clock was set back: no measurement

// Eighths of an octave, so that alike values fall together.
function rounded(ms: number): number {
  if (ms < FINEST_MS) return 0;
  const step = 2 ** Math.floor(Math.log2(ms)) / 8;
  return Math.round(ms / step) * step;
}

export class DelayView {
  private _fastest = Infinity;
  private _fastestBefore = Infinity;
  private _since = 0;
  private _groups = new Map<number, number>();

  /** A message with the server's time of sending came, in epoch seconds. Its difference, in milliseconds. */
  heard(now: number, ts: number): number {
    const took = now - ts * 1e3;
    const age = now - this._since;
    if (age >= REMEMBERED_MS) {
      this._fastestBefore = age >= 2 * REMEMBERED_MS ? Infinity : this._fastest;
      this._fastest = Infinity;
      this._since = now;
    }
    this._fastest = Math.min(this._fastest, took);
    return took;
  }

  /** An entry was applied as it came. */
  applied(now: number, ts: number): void {
    const took = this.heard(now, ts);
    const late = took - Math.min(this._fastest, this._fastestBefore);
    if (late >= STEP_AT_LEAST_MS) {
      this._fastest = took;
      this._fastestBefore = Infinity;
      return;
    }
    let ms = rounded(late);
    if (!this._groups.has(ms) && this._groups.size >= GROUPS_MAX) {
      // Full: with the next larger one, so that nothing looks faster than it was.
      const known = [...this._groups.keys()];
      const larger = known.filter((each) => each > ms);
      ms = larger.length ? Math.min(...larger) : Math.max(...known);
    }
    this._groups.set(ms, (this._groups.get(ms) ?? 0) + 1);
  }

  /** Since the last call: [milliseconds, entries], each group within an eighth of its values; undefined for none. */
  take(): [number, number][] | undefined {
    const told = [...this._groups].sort(([a], [b]) => a - b);
    this._groups.clear();
    return told.length ? told : undefined;
  }
}
