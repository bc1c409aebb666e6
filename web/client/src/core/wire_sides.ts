// Both wires together: how a message of the client goes out, how promotion sees them, and what the application is told.
import type { Route } from "./command_book.js";
import { type Output, WIRES, type Wire } from "./config.js";
import type { Merge } from "./merge.js";
import type { WireViews } from "./promotion.js";
import type { WireSide } from "./wire_side.js";

type Sides = Record<Wire, WireSide>;

/** By a healthy WebSocket, else by POST while an event stream shows that the server is there, else by one in doubt. */
export function routeOf({ websocket, sse }: Sides, postBlocked: boolean): Route {
  const byPost = sse.live() && !postBlocked;
  if (websocket.live() && !(websocket.missed && byPost && sse.healthy())) return { attempt: websocket.attempt };
  return byPost ? { attempt: null } : null;
}

/** The connections heard of lately: how the server knows that an event stream's reader lives. */
export const aliveOf = (sides: Sides): string[] =>
  WIRES.filter((wire) => sides[wire].healthy()).map((wire) => sides[wire].connectionId);

export const viewsOf = (sides: Sides, { covers, place }: Merge): WireViews & Pick<Merge, "covers"> => ({
  live: (wire) => sides[wire].live(),
  healthy: (wire) => sides[wire].healthy(),
  carries: (wire) => covers(wire) || place(wire) === "awaiting",
  overflowed: (wire) => place(wire) === "overflowed",
  covers,
});

/** Tells what changed since the last time. The healthy wire that carries the stream on, or what `carrier` was. */
export function tellChanges(
  sides: Sides,
  { healthy, covers }: ReturnType<typeof viewsOf>,
  carrier: Wire | null,
  tell: (output: Output) => void,
): Wire | null {
  for (const wire of WIRES) {
    const { reason, told, status } = sides[wire];
    sides[wire].told = status();
    if (status() !== told) tell({ kind: "wire", wire, status: status(), reason });
  }
  const carriers = WIRES.filter((wire) => healthy(wire) && covers(wire));
  const [to] = carriers;
  if (!to || (carrier && carriers.includes(carrier))) return carrier;
  if (carrier) tell({ kind: "failed_over", from: carrier, to });
  return to;
}
