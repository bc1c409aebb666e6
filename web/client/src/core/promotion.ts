// Which wire has to be promoted (rewound to the client's own cursor), and when to ask again: when no healthy wire
// carries the stream on from the applied cursor, the best of those that live is asked; one whose hold overflowed is
// asked in any case.
import { WIRES, type Wire } from "./config.js";

export const PROMOTE_RETRY_MS = 1_000;
const PROMOTE_TRIES_MAX = 3;

/** A wire as promotion sees it: `carries` if it covers, or waits for the gap after which it will. */
export interface WireView {
  live: boolean;
  healthy: boolean;
  carries: boolean;
  overflowed: boolean;
}

export function promotionWanted(wires: Record<Wire, WireView>): Wire | null {
  const living = WIRES.filter((wire) => wires[wire].live);
  const overflowed = living.find((wire) => wires[wire].overflowed);
  if (overflowed) return overflowed;
  const carrying = living.filter((wire) => wires[wire].carries);
  if (carrying.some((wire) => wires[wire].healthy)) return null;
  const idle = living.filter((wire) => !wires[wire].carries);
  return idle.find((wire) => wires[wire].healthy) ?? (carrying.length ? null : (idle[0] ?? null));
}

export class Promotion {
  private _wire: Wire | null = null;
  private _sent: number | null = null;
  private _tries = 0;

  /** Forgets a request that is no longer wanted, then decides. */
  decide(now: number, wires: Record<Wire, WireView>): { wire: Wire; step: "ask" | "give_up" } | null {
    const wire = promotionWanted(wires);
    if (wire !== this._wire) this.reset();
    this._wire = wire;
    if (!wire || (this._sent !== null && now < this._sent + PROMOTE_RETRY_MS)) return null;
    return { wire, step: this._tries >= PROMOTE_TRIES_MAX ? "give_up" : "ask" };
  }

  awaits(wire: Wire): boolean {
    return this._wire === wire && this._sent !== null;
  }

  /** `now` null: it could not be asked. */
  asked(now: number | null): void {
    this._sent = now;
    if (now !== null) ++this._tries;
  }

  reset(wire = this._wire): void {
    if (wire !== this._wire) return;
    this._wire = this._sent = null;
    this._tries = 0;
  }

  get deadline(): number | null {
    return this._sent === null ? null : this._sent + PROMOTE_RETRY_MS;
  }
}
