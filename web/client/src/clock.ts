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

/** Calls `back` when the network or the page is there again, `away` when the network goes. The result ends that. */
export function watchHost(host: Host, back: () => void, away: () => void): () => void {
  const page = host.document;
  const seen = () => {
    if (page?.visibilityState !== "hidden") back();
  };
  const listeners: [Host | undefined, string, () => void][] = [
    [host, "online", back],
    [host, "offline", away],
    [host, "pageshow", back],
    [page, "visibilitychange", seen],
    [page, "resume", back],
  ];
  const each = (what: "addEventListener" | "removeEventListener") => {
    for (const [target, name, listener] of listeners) target?.[what]?.(name, listener);
  };
  each("addEventListener");
  return () => each("removeEventListener");
}
