// Which wire has to be promoted (rewound to the client's own cursor), and when to ask again: when no healthy wire
// carries the stream on from the applied cursor, the best of those that live is asked; one whose hold overflowed is
// asked in any case.
import { WIRES, type Wire } from "./config.js";

const RETRY_MS = 1_000;
const TRIES_MAX = 3;

/** What promotion asks of a wire: `carries` if it covers, or waits for the gap after which it will. */
export interface WireViews {
  live(wire: Wire): boolean;
  healthy(wire: Wire): boolean;
  carries(wire: Wire): boolean;
  overflowed(wire: Wire): boolean;
}

export function promotionWanted({ live, healthy, carries, overflowed }: WireViews): Wire | undefined {
  const living = WIRES.filter(live);
  const carrying = living.filter(carries);
  const idle = living.filter((wire) => !carries(wire));
  return (
    living.find(overflowed) ??
    (carrying.some(healthy) ? undefined : (idle.find(healthy) ?? (carrying.length ? undefined : idle[0])))
  );
}

export function createPromotion() {
  let asked: Wire | undefined;
  let sent: number | null = null;
  let tries = 0;
  const reset = (wire = asked) => {
    if (wire !== asked) return;
    asked = undefined;
    sent = null;
    tries = 0;
  };
  return {
    reset,

    /** Forgets a request that is no longer wanted, then decides. */
    decide(now: number, views: WireViews): { wire: Wire; giveUp: boolean } | null {
      const wire = promotionWanted(views);
      if (wire !== asked) reset();
      asked = wire;
      return wire && (sent === null || now >= sent + RETRY_MS) ? { wire, giveUp: tries >= TRIES_MAX } : null;
    },

    awaits: (wire: Wire) => asked === wire && sent !== null,

    /** `now` null: it could not be asked. */
    asked(now: number | null) {
      sent = now;
      if (now !== null) ++tries;
    },

    deadline: () => (sent === null ? null : sent + RETRY_MS),
  };
}
