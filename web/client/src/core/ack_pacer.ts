// When to acknowledge, and with what: after so many applied entries or 200 ms since the first unacknowledged one, and
// once for each heartbeat received, then with a report (docs/reference/protocol.md).
const ACK_INTERVAL_MS = 200;

export function createAckPacer(entriesMax: number) {
  let entries = 0;
  let since: number | null = null;
  let told = 0;
  const deadline = () => (since === null ? null : since + ACK_INTERVAL_MS);
  return {
    /** The next one answers a heartbeat, and carries a report. */
    forHeartbeat: false,
    deadline,
    /** So many were applied or told as a gap, in all. */
    applied(now: number, total: number) {
      if (total > told) since ??= now;
      entries += total - told;
      told = total;
    },
    due(now: number): boolean {
      return this.forHeartbeat || entries >= entriesMax || now >= (deadline() ?? Infinity);
    },
    sent() {
      entries = 0;
      since = null;
      this.forHeartbeat = false;
    },
  };
}
