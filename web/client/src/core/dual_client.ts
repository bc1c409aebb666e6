// The client of the `mythos.v1` protocol as a state machine without I/O: two wires in, one ordered stream out. The
// TypeScript twin of cpp/protocol/dual_client.hpp, held to the same tests/vectors.
//
// It opens no socket, reads no clock and sets no timer: a shell does, and must (1) report what happens, with a `now`
// in milliseconds that never goes back, (2) after every input take all outputs in order and do what they say, and
// (3) call `tick` at `deadline` (earlier or more often does no harm).
import { createAckPacer } from "./ack_pacer.js";
import { afterClose, earliest } from "./backoff.js";
import { createCommandBook, type Route } from "./command_book.js";
import { type CloseInfo, type CoreConfig, DEFAULTS, type Output, otherWire, WIRES, type Wire } from "./config.js";
import { createDelayView } from "./delay_view.js";
import { createMerge } from "./merge.js";
import { createPromotion } from "./promotion.js";
import { type Cursor, parseServerMessage, type ServerMessage, type WelcomeMessage } from "./server_message.js";
import { createWireSide, type WireSide } from "./wire_side.js";

const SECOND_WIRE_DELAY_MS = 300;
const POST_TIMEOUT_MS = 30_000;

export type DualClient = ReturnType<typeof createDualClient>;

export function createDualClient(given: Partial<CoreConfig>) {
  const config: CoreConfig = { ...DEFAULTS, ...given };
  const { clientId, wires, reportDelay } = config;
  // Standby is granted only to clients with a name.
  const mode = clientId ? config.mode : "mirror";
  let outputs: Output[] = [];
  const tell = (output: Output) => {
    outputs.push(output);
  };
  const merge = createMerge(config, tell);
  const commands = createCommandBook(config, tell);
  const acks = createAckPacer(config.ackEntries);
  const promotion = createPromotion();
  const delay = createDelayView();
  const sides: Record<Wire, WireSide> = { websocket: createWireSide(config), sse: createWireSide(config) };
  const posts = { next: 1 };
  let { sessionId, firstAttempt: nextAttempt } = config;
  let malformed = 0;
  let unknownTypes = 0;
  let running = false;
  let joinedBy = 0; // the newest attempt whose welcome named this session and epoch
  let statistics: unknown;
  let carrier: Wire | null = null; // the healthy covering wire that the stream is said to be on
  let hadActive = false; // a wire has carried the stream since start
  let firstPostOfSession = 1;
  let postBlocked = false; // 401 or 410, until a welcome or new credentials
  let ackPost: { id: number; deadline: number } | null = null;

  const forgetPosts = () => {
    firstPostOfSession = posts.next;
    ackPost = null;
  };

  // By a healthy WebSocket, else by POST while an event stream shows that the server is there, else by one in doubt.
  const route = (): Route => {
    const { websocket, sse } = sides;
    const byPost = sse.live() && !postBlocked;
    if (websocket.live() && !(websocket.missed && byPost && sse.healthy())) return { attempt: websocket.attempt };
    return byPost ? { attempt: null } : null;
  };

  // A message without an id: no reply, and nothing to be sent again.
  const send = (message: unknown): boolean => {
    const by = route();
    if (!by) return false;
    const { attempt } = by;
    const text = JSON.stringify(message);
    if (attempt !== null) tell({ kind: "send", attempt, text });
    else tell({ kind: "post", postId: posts.next++, sessionId, clientId, body: `[${text}]` });
    return true;
  };

  const sendPromote = (wire: Wire): boolean =>
    send({ type: "promote", data: { connection_id: sides[wire].connectionId, cursor: merge.applied } });

  const canAcknowledge = () => running && !ackPost && merge.appliedSeq() >= 0 && route() !== null;

  const acknowledge = (now: number) => {
    if (!canAcknowledge()) return;
    const data: Record<string, unknown> = { cursor: merge.applied };
    if (acks.forHeartbeat) {
      const { delivered, duplicates, gapsTold: gaps, lost } = merge.counters;
      // How the server knows that an event stream's reader lives.
      data.alive = WIRES.filter((wire) => sides[wire].healthy()).map((wire) => sides[wire].connectionId);
      data.stats = { delivered, duplicates, gaps, lost, delivery_ms: delay.take() };
      data.application = statistics;
    }
    if (route()?.attempt === null) ackPost = { id: posts.next, deadline: now + POST_TIMEOUT_MS };
    send({ type: "ack", data });
    acks.sent();
  };

  const views = {
    live: (wire: Wire) => sides[wire].live(),
    healthy: (wire: Wire) => sides[wire].healthy(),
    carries: (wire: Wire) => merge.covers(wire) || merge.place(wire) === "awaiting",
    overflowed: (wire: Wire) => merge.place(wire) === "overflowed",
  };

  const lose = (wire: Wire, reason: string) => {
    const side = sides[wire];
    merge.detach(wire);
    promotion.reset(wire);
    if (wire === "websocket") commands.carrierLost(side.attempt);
    side.standby = false;
    side.reason = reason;
  };

  const tellClose = (wire: Wire, code: number, reason: string) =>
    tell({ kind: "close", wire, attempt: sides[wire].attempt, code, reason });

  // The other wire waited only for this one's fate to be known.
  const hastenSecond = (now: number, wire: Wire) => {
    const other = sides[otherWire(wire)];
    if (running && other.phase === "waiting" && !other.attempt) other.openAt(now);
  };

  const close = (now: number, wire: Wire, reason: string, code = 1000, soon = true) => {
    tellClose(wire, code, reason);
    lose(wire, reason);
    sides[wire].closed(now, soon);
    hastenSecond(now, wire);
  };

  const stopAll = (reason: string) => {
    running = hadActive = false;
    carrier = null;
    for (const wire of WIRES) {
      if (sides[wire].open()) {
        tellClose(wire, 1000, reason);
        lose(wire, reason);
      }
      sides[wire].reason = reason;
      sides[wire].end("off");
    }
    commands.abandon(reason, true);
    forgetPosts();
    tell({ kind: "stopped", reason });
  };

  // The connection is gone, by whomever's doing: decides whether and when it returns.
  const ended = (now: number, wire: Wire, info: CloseInfo) => {
    const side = sides[wire];
    lose(wire, info.reason || "closed");
    const fate = afterClose(info);
    if (fate === "session_replaced") {
      side.end("off");
      return stopAll(fate);
    }
    if (fate === "barred" || fate === "refused") {
      side.end(fate);
      if (WIRES.every((each) => ["barred", "off"].includes(sides[each].phase))) stopAll("displaced");
    } else {
      side.closed(now, fate === "retry_soon", info.retryAfterMs);
    }
    hastenSecond(now, wire);
  };

  // In standby mode one wire carries the stream; the last word that arrives decides which. Words on two wires can
  // arrive in the other order than they were said in. So where this one was not asked for, asking now makes both ends
  // agree; a heartbeat does the same later, should that request be lost.
  const becomeActive = (wire: Wire, asked: boolean) => {
    const other = sides[otherWire(wire)];
    sides[wire].standby = false;
    hadActive = true;
    if (mode !== "standby" || !other.live() || other.standby) return;
    other.standby = true;
    other.reason = "demoted";
    merge.detach(otherWire(wire));
    if (!asked && merge.appliedSeq() >= 0) sendPromote(wire);
  };

  // Takes over the welcome's session and epoch. False if it is the older of two that differ: a connection begun before
  // the one that brought what counts now. Going back to an epoch left before would apply its entries twice.
  const join = (now: number, wire: Wire, { session_id, player_id: playerId, epoch }: WelcomeMessage): boolean => {
    const { attempt } = sides[wire];
    const first = !merge.epoch;
    const otherEpoch = !first && merge.epoch !== epoch;
    const fresh = otherEpoch || (sessionId !== "" && sessionId !== session_id);
    if (fresh) {
      if (attempt < joinedBy) {
        close(now, wire, "stale_welcome");
        return false;
      }
      if (sides[otherWire(wire)].live()) close(now, otherWire(wire), "other_session");
      commands.abandon(otherEpoch ? "epoch_changed" : "session_changed", false);
      forgetPosts();
    }
    sessionId = session_id;
    joinedBy = Math.max(joinedBy, attempt);
    merge.setEpoch(epoch);
    if (first || fresh) tell({ kind: "session", sessionId, playerId, epoch, fresh });
    return true;
  };

  const welcome = (now: number, wire: Wire, m: WelcomeMessage) => {
    const side = sides[wire];
    if (!join(now, wire, m)) return;
    side.welcome(now, m);
    postBlocked = false;
    if (side.standby) {
      merge.detach(wire);
    } else {
      becomeActive(wire, false);
      merge.attach(wire, m.cursor);
    }
    hastenSecond(now, wire);
  };

  const handle = (now: number, wire: Wire, m: ServerMessage) => {
    const side = sides[wire];
    const { delivered } = merge.counters;
    const measure = (ts: unknown, isEntry: boolean) => {
      if (reportDelay && typeof ts === "number") delay.heard(now, ts, isEntry);
    };
    switch (m.kind) {
      case "entry":
        merge.entry(wire, m);
        if (merge.counters.delivered > delivered) measure(m.entry.ts, true);
        break;
      case "gap":
        merge.gap(wire, m);
        break;
      case "promoted":
        side.reason = m.kind;
        becomeActive(wire, promotion.awaits(wire));
        promotion.reset(wire);
        merge.attach(wire, m.cursor);
        break;
      case "reply":
        commands.reply(now, m);
        break;
      case "heartbeat": {
        measure(m.ts, false);
        merge.completeUpTo(wire, m.cursor);
        acks.forHeartbeat = true;
        // Behind the head, or taken for a standby by the server: nothing else tells them apart.
        const behind = m.head?.epoch === merge.epoch && m.cursor.seq < m.head.seq;
        if (mode === "standby" && behind && merge.covers(wire)) sendPromote(wire);
        break;
      }
      case "draining":
        side.holdOffUntil(now + (m.reconnect_after_ms ?? 0));
        break;
      case "closed":
        tellClose(wire, 1000, m.reason);
        ended(now, wire, m);
        break;
      case "unknown":
        ++unknownTypes;
        break;
      default:
        ++malformed;
    }
  };

  const promoteIfNeeded = (now: number) => {
    const decision = promotion.decide(now, views);
    if (!decision) return;
    const { wire, giveUp } = decision;
    if (giveUp) return close(now, wire, "promote_unanswered");
    promotion.asked(null);
    // A standby that is welcomed before the first active wire waits for that one.
    const { phase, attempt } = sides[otherWire(wire)];
    if (!hadActive && (phase === "connecting" || (phase === "waiting" && !attempt))) return;
    // A client that has applied nothing yet starts where its standby stands.
    merge.startAt(sides[wire].welcomeCursor as Cursor);
    if (merge.applied && sendPromote(wire)) promotion.asked(now);
  };

  const tellFailover = () => {
    const carriers = WIRES.filter((wire) => sides[wire].healthy() && merge.covers(wire));
    const [to] = carriers;
    if (!to || (carrier && carriers.includes(carrier))) return;
    if (carrier) tell({ kind: "failed_over", from: carrier, to });
    carrier = to;
  };

  // What follows from any input, in this order, which the test vectors rely on.
  const settle = (now: number) => {
    for (const wire of WIRES) {
      const side = sides[wire];
      if (side.due(now) !== "open") continue;
      side.opening(now, nextAttempt);
      tell({ kind: "open", wire, attempt: nextAttempt++, sessionId, clientId, cursor: merge.applied, mode });
    }
    if (running) {
      promoteIfNeeded(now);
      commands.flush(now, route(), sessionId, posts);
      acks.applied(now, merge.counters.delivered + merge.counters.gapsTold);
      if (acks.due(now)) acknowledge(now);
    }
    for (const wire of WIRES) {
      const { reason, told, status } = sides[wire];
      sides[wire].told = status();
      if (status() !== told) tell({ kind: "wire", wire, status: status(), reason });
    }
    tellFailover();
  };

  const tick = (now: number) => {
    for (const wire of WIRES) {
      const side = sides[wire];
      const due = side.due(now);
      if (due === "give_up") close(now, wire, "connect_timeout", 1000, false);
      if (due === "dead") close(now, wire, "heartbeat", 4004);
      if (due !== "missed") continue;
      side.missed = true;
      side.reason = "heartbeat";
      // What it carries goes on the other wire at once; the id keeps it from running twice.
      if (wire === "websocket" && sides.sse.healthy()) commands.carrierLost(side.attempt);
    }
    commands.tick(now);
    if (ackPost && now >= ackPost.deadline) ackPost = null;
    settle(now);
  };

  return {
    /** Each is to be done, in order. */
    takeOutputs(): Output[] {
      const taken = outputs;
      outputs = [];
      return taken;
    },
    counters: merge.counters,
    malformed: () => malformed,
    unknownTypes: () => unknownTypes,
    sessionId: () => sessionId,
    /** The last id applied, to be stored by an application that resumes later. */
    applied: () => merge.applied,
    commandsOpen: commands.size,
    /** Above every attempt and command number used so far. */
    nextNumber: () => Math.max(nextAttempt, commands.next()),
    tick,

    /** Opens the wires. Also brings barred wires and a stopped client back, at the application's own wish. */
    start(now: number) {
      running = true;
      for (const wire of wires) {
        const side = sides[wire];
        if (side.phase !== "off" && side.phase !== "barred") continue;
        const second = mode === "standby" && wires.length > 1 && wire === "sse" && !sides.websocket.live();
        side.openAt(second ? now + SECOND_WIRE_DELAY_MS : now);
        side.reason = "start";
      }
      settle(now);
    },

    /** Closes everything; unanswered commands end as unknown. */
    stop(now: number) {
      if (!running) return;
      acks.forHeartbeat = true;
      acknowledge(now);
      stopAll("stopped");
      settle(now);
    },

    /** The connection is open; the welcome, which is what counts, follows. */
    opened(now: number, wire: Wire, attempt: number) {
      if (sides[wire].isCurrent(attempt)) settle(now);
    },

    closed(now: number, wire: Wire, attempt: number, info: CloseInfo) {
      if (!sides[wire].isCurrent(attempt)) return;
      ended(now, wire, info);
      settle(now);
    },

    /** One text message, or the joined `data:` lines of one SSE block. */
    message(now: number, wire: Wire, attempt: number, text: string) {
      const side = sides[wire];
      if (!side.isCurrent(attempt)) return;
      const message = parseServerMessage(text);
      const { kind } = message;
      const isLive = side.live();
      if (isLive) side.heard(now);
      if (isLive ? kind === "welcome" : kind !== "welcome" && kind !== "closed") ++malformed;
      else if (kind === "welcome") welcome(now, wire, message);
      else handle(now, wire, message);
      if (isLive || side.live() || kind === "welcome" || kind === "closed") settle(now);
    },

    /** The answer to a `post`; status 0 where there was none. */
    postAnswered(now: number, postId: number, status: number, body: string, retryAfterMs?: number) {
      if (postId < firstPostOfSession) return;
      if (ackPost?.id === postId) ackPost = null;
      const verdict = commands.postAnswered(now, postId, status, body, retryAfterMs);
      if (verdict === "session_replaced" && running) stopAll(verdict);
      if (verdict === "session_expired" || verdict === "unauthorised") postBlocked = true;
      settle(now);
    },

    /**
     * The network or the computer is back: no back-off is waited for, except where the server asked for a delay. A
     * wire that has been silent since `unheardSince` is reopened.
     */
    wake(now: number, unheardSince = -Infinity) {
      for (const wire of WIRES) {
        if (sides[wire].live() && !sides[wire].heardSince(unheardSince)) close(now, wire, "network_changed");
      }
      tick(now);
      for (const wire of WIRES) sides[wire].hasten(now);
      settle(now);
    },

    /** Queues a command, `data` being JSON text or empty. Its id `c-N`, or why not. */
    sendCommand(now: number, type: string, data: string): { id: string } | { error: string } {
      if (!running) return { error: "stopped" };
      const result = commands.add(type, data);
      if ("id" in result) settle(now);
      return result;
    },

    /** The application's own, sent with the acknowledgement of each heartbeat until replaced. */
    setStatistics(given: unknown) {
      statistics = given;
    },

    /** New credentials are there: refused wires reconnect. */
    credentialsRenewed(now: number) {
      postBlocked = false;
      for (const wire of WIRES) if (sides[wire].phase === "refused") sides[wire].openAt(now);
      settle(now);
    },

    /** When `tick` has something to do; null while nothing is waited for. */
    deadline(): number | null {
      const ofWires = WIRES.map((wire) => sides[wire].deadline());
      if (!running) return earliest(...ofWires);
      const ofAck = canAcknowledge() ? acks.deadline() : null;
      return earliest(...ofWires, promotion.deadline(), commands.deadline(route()), ofAck, ackPost?.deadline ?? null);
    },
  };
}
