// When to acknowledge: after so many applied entries or 200 ms since the first unacknowledged one, and once for each
// heartbeat received (docs/reference/protocol.md).
const ACK_INTERVAL_MS = 200;

export class AckPacer {
  /** The next one answers a heartbeat, and carries a report. */
  forHeartbeat = false;
  private _entries = 0;
  private _since: number | null = null;

  constructor(private readonly _entriesMax: number) {}

  applied(now: number, entries: number): void {
    if (!entries) return;
    this._entries += entries;
    this._since ??= now;
  }

  due(now: number): boolean {
    return this.forHeartbeat || this._entries >= this._entriesMax || now >= (this.deadline ?? Infinity);
  }

  sent(): void {
    this._entries = 0;
    this._since = null;
    this.forHeartbeat = false;
  }

  get deadline(): number | null {
    return this._since === null ? null : this._since + ACK_INTERVAL_MS;
  }
}
