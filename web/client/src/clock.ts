// A clock that never goes back and does not stand still while the computer sleeps, and the moments at which the world
// outside asks for a look at the wires.

/** Milliseconds. The larger step of two clocks: the one may stop in sleep, the other may be set back. */
export function steadyClock(monotonic = () => performance.now(), wall = Date.now): () => number {
  let [now, m, w] = [0, monotonic(), wall()];
  return () => {
    const [m2, w2] = [monotonic(), wall()];
    now += Math.max(0, m2 - m, w2 - w);
    [m, w] = [m2, w2];
    return now;
  };
}

/** `globalThis` of a page or a worker; in node it has none of these. */
export interface Host {
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
  document?: Host & { visibilityState?: string };
}

/**
 * Calls `back` when the network or the page is there again, `away` when the network goes, and `hidden` when the page
 * may be about to end. The result ends that.
 */
export function watchHost(host: Host, on: { back(): void; away(): void; hidden(): void }): () => void {
  const page = host.document;
  const seen = () => (page?.visibilityState === "hidden" ? on.hidden() : on.back());
  const listeners: [Host | undefined, string, () => void][] = [
    [host, "online", on.back],
    [host, "offline", on.away],
    [host, "pageshow", on.back],
    [host, "pagehide", on.hidden],
    [page, "visibilitychange", seen],
    [page, "resume", on.back],
  ];
  for (const [target, name, listener] of listeners) target?.addEventListener?.(name, listener);
  return () => {
    for (const [target, name, listener] of listeners) target?.removeEventListener?.(name, listener);
  };
}
