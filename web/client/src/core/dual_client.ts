// The client of the `mythos.v1` protocol as a state machine without I/O: two wires in, one ordered stream out. The
// TypeScript twin of cpp/protocol/dual_client.hpp, held to the same tests/vectors.
//
// It opens no socket, reads no clock and sets no timer: a shell does, and must (1) report what happens, with a `now`
// in milliseconds that never goes back, (2) after every input take all `outputs` in order and do what they say, and
// (3) call `tick` at `deadline` (earlier or more often does no harm).
import { AckPacer } from "./ack_pacer.js";
import { afterClose, earliest } from "./backoff.js";
import { CommandBook, type Route } from "./command_book.js";
import { type CloseInfo, type CoreConfig, DEFAULTS, type Output, otherWire, WIRES, type Wire } from "./config.js";
import { DelayView } from "./delay_view.js";
import { Merge } from "./merge.js";
import { Promotion, type WireView } from "./promotion.js";
import {
  type Cursor,
  cursorText,
  type EntryMessage,
  parseServerMessage,
  type ServerMessage,
  type WelcomeMessage,
} from "./server_message.js";
import { WireSide } from "./wire_side.js";

const SECOND_WIRE_DELAY_MS = 300;
const POST_TIMEOUT_MS = 30_000;

export class DualClient {
  /** Taken by the shell, which leaves it empty. */
  outputs: Output[] = [];
  malformed = 0;
  unknownTypes = 0;
  sessionId: string;
  private readonly _config: CoreConfig;
  private readonly _merge: Merge;
  private readonly _commands: CommandBook;
  private readonly _acks: AckPacer;
  private readonly _promotion = new Promotion();
  private readonly _delay = new DelayView();
  private readonly _sides: Record<Wire, WireSide>;
  private _running = false;
  private _joinedBy = 0; // the newest attempt whose welcome named this session and epoch
  private _statistics: unknown;
  private _carrier: Wire | null = null; // the healthy covering wire that the stream is said to be on
  private _hadActive = false; // a wire has carried the stream since start
  private _nextAttempt: number;
  private readonly _posts = { next: 1 };
  private _firstPostOfSession = 1;
  private _postBlocked = false; // 401 or 410, until a welcome or new credentials
  private _ackPost: { id: number; deadline: number } | null = null;
  private _acknowledged = 0; // of the merge's delivered and told, given to the pacer

  constructor(config: Partial<CoreConfig>) {
    this._config = { ...DEFAULTS, ...config };
    // Standby is granted only to clients with a name.
    if (!this._config.clientId) this._config.mode = "mirror";
    const tell = (output: Output) => {
      this.outputs.push(output);
    };
    this._merge = new Merge(this._config, tell);
    this._commands = new CommandBook(this._config, tell);
    this._acks = new AckPacer(this._config.ackEntries);
    this._sides = { websocket: new WireSide(this._config), sse: new WireSide(this._config) };
    this.sessionId = this._config.sessionId;
    this._nextAttempt = this._config.firstAttempt;
  }

  /** The last id applied, to be stored by an application that resumes later. */
  get applied(): string | null {
    return this._merge.applied && cursorText(this._merge.applied);
  }
  get counters(): Merge["counters"] {
    return this._merge.counters;
  }
  get commandsOpen(): number {
    return this._commands.size;
  }
  /** Above every attempt and command number used so far. */
  get nextNumber(): number {
    return Math.max(this._nextAttempt, this._commands.next);
  }

  /** Opens the wires. Also brings barred wires and a stopped client back, at the application's own wish. */
  start(now: number): void {
    const { mode, wires } = this._config;
    this._running = true;
    for (const wire of wires) {
      const side = this._sides[wire];
      if (side.phase !== "off" && side.phase !== "barred") continue;
      const second = mode === "standby" && wires.length > 1 && wire === "sse" && !this._sides.websocket.live;
      side.openAt(second ? now + SECOND_WIRE_DELAY_MS : now);
      side.reason = "start";
    }
    this._settle(now);
  }

  /** Closes everything; unanswered commands end as unknown. */
  stop(now: number): void {
    if (!this._running) return;
    this._acks.forHeartbeat = true;
    this._acknowledge(now);
    this._stopAll("stopped");
    this._settle(now);
  }

  /** The connection is open; the welcome, which is what counts, follows. */
  opened(now: number, wire: Wire, attempt: number): void {
    if (this._sides[wire].isCurrent(attempt)) this._settle(now);
  }

  closed(now: number, wire: Wire, attempt: number, info: CloseInfo): void {
    if (!this._sides[wire].isCurrent(attempt)) return;
    this._ended(now, wire, info);
    this._settle(now);
  }

  /** One text message, or the joined `data:` lines of one SSE block. */
  message(now: number, wire: Wire, attempt: number, text: string): void {
    const side = this._sides[wire];
    if (!side.isCurrent(attempt)) return;
    const message = parseServerMessage(text);
    if (side.live) {
      if (side.heard(now)) side.reason = "heard";
    } else if (message.kind !== "welcome" && message.kind !== "closed") {
      ++this.malformed;
      return;
    }
    this._handle(now, wire, message);
    this._settle(now);
  }

  /** The answer to a `post`; status 0 where there was none. */
  postAnswered(now: number, postId: number, status: number, body: string, retryAfterMs?: number): void {
    if (postId < this._firstPostOfSession) return;
    if (this._ackPost?.id === postId) this._ackPost = null;
    const verdict = this._commands.postAnswered(now, postId, status, body, retryAfterMs);
    if (verdict === "session_replaced" && this._running) this._stopAll(verdict);
    if (verdict === "session_expired" || verdict === "unauthorised") this._postBlocked = true;
    this._settle(now);
  }

  tick(now: number): void {
    for (const wire of WIRES) {
      const side = this._sides[wire];
      const due = side.due(now);
      if (due === "give_up") this._close(now, wire, 1000, "connect_timeout", false);
      if (due === "dead") this._close(now, wire, 4004, "heartbeat", true);
      if (due !== "missed") continue;
      side.missed = true;
      side.reason = "heartbeat";
      // What it carries goes on the other wire at once; the id keeps it from running twice.
      if (wire === "websocket" && this._sides.sse.healthy) this._commands.carrierLost(side.attempt);
    }
    this._commands.tick(now);
    if (this._ackPost && now >= this._ackPost.deadline) this._ackPost = null;
    this._settle(now);
  }

  /**
   * The network or the computer is back: no back-off is waited for, except where the server asked for a delay. A wire
   * that has been silent since `unheardSince` is reopened.
   */
  wake(now: number, unheardSince = -Infinity): void {
    for (const wire of WIRES) {
      const side = this._sides[wire];
      if (side.live && !side.heardSince(unheardSince)) this._close(now, wire, 1000, "network_changed", true);
    }
    this.tick(now);
    for (const wire of WIRES) this._sides[wire].hasten(now);
    this._settle(now);
  }

  /** Queues a command, `data` being JSON text or empty. Its id `c-N`, or why not. */
  sendCommand(
    now: number,
    type: string,
    data: string,
  ): { id: string } | { error: "stopped" | "bad_command" | "too_many_commands" } {
    if (!this._running) return { error: "stopped" };
    const result = this._commands.add(type, data);
    if ("id" in result) this._settle(now);
    return result;
  }

  /** The application's own, sent with the acknowledgement of each heartbeat until replaced. */
  setStatistics(statistics: unknown): void {
    this._statistics = statistics;
  }

  /** New credentials are there: refused wires reconnect. */
  credentialsRenewed(now: number): void {
    this._postBlocked = false;
    for (const wire of WIRES) if (this._sides[wire].phase === "refused") this._sides[wire].openAt(now);
    this._settle(now);
  }

  /** When `tick` has something to do; null while nothing is waited for. */
  get deadline(): number | null {
    const wires = WIRES.map((wire) => this._sides[wire].deadline);
    if (!this._running) return earliest(...wires);
    return earliest(
      ...wires,
      this._promotion.deadline,
      this._commands.deadline(this._route()),
      this._canAcknowledge() ? this._acks.deadline : null,
      this._ackPost?.deadline ?? null,
    );
  }

  private _handle(now: number, wire: Wire, m: ServerMessage): void {
    const side = this._sides[wire];
    switch (m.kind) {
      case "entry":
        return this._entry(now, wire, m);
      case "welcome":
        if (side.live) ++this.malformed;
        else this._welcome(now, wire, m);
        return;
      case "gap":
        return this._merge.gap(wire, m);
      case "promoted":
        side.reason = "promoted";
        this._becomeActive(wire, this._promotion.awaits(wire));
        this._promotion.reset(wire);
        return this._merge.attach(wire, m.cursor);
      case "reply":
        return this._commands.reply(now, m);
      case "heartbeat":
        return this._heartbeat(now, wire, m);
      case "draining":
        return side.holdOffUntil(now + m.afterMs);
      case "closed":
        this.outputs.push({ kind: "close", wire, attempt: side.attempt, code: 1000, reason: m.reason });
        return this._ended(now, wire, m);
      case "unknown":
        ++this.unknownTypes;
        return;
      default:
        ++this.malformed;
    }
  }

  private _welcome(now: number, wire: Wire, m: WelcomeMessage): void {
    const side = this._sides[wire];
    if (!this._join(now, wire, m)) return;
    side.welcome(now, m.heartbeatMs, m.connectionId);
    side.reason = "welcome";
    side.welcomeCursor = m.cursor;
    side.standby = m.standby;
    this._postBlocked = false;
    if (m.standby) {
      this._merge.detach(wire);
    } else {
      this._becomeActive(wire, false);
      this._merge.attach(wire, m.cursor);
    }
    this._hastenSecond(now, wire);
  }

  // Takes over the welcome's session and epoch. False if it is the older of two that differ: a connection begun before
  // the one that brought what counts now. Going back to an epoch left before would apply its entries twice.
  private _join(now: number, wire: Wire, { sessionId, playerId, epoch }: WelcomeMessage): boolean {
    const { attempt } = this._sides[wire];
    const first = !this._merge.epoch;
    const otherEpoch = !first && this._merge.epoch !== epoch;
    const fresh = otherEpoch || (this.sessionId !== "" && this.sessionId !== sessionId);
    if (fresh) {
      if (attempt < this._joinedBy) {
        this._close(now, wire, 1000, "stale_welcome", true);
        return false;
      }
      if (this._sides[otherWire(wire)].live) this._close(now, otherWire(wire), 1000, "other_session", true);
      this._commands.abandon(otherEpoch ? "epoch_changed" : "session_changed", false);
      this._firstPostOfSession = this._posts.next;
      this._ackPost = null;
    }
    this.sessionId = sessionId;
    this._joinedBy = Math.max(this._joinedBy, attempt);
    this._merge.setEpoch(epoch);
    if (first || fresh) this.outputs.push({ kind: "session", sessionId, playerId, epoch, fresh });
    return true;
  }

  // In standby mode one wire carries the stream; the last word that arrives decides which. Words on two wires can
  // arrive in the other order than they were said in. So where this one was not asked for, asking now makes both ends
  // agree; `_heartbeat` does the same later, should that request be lost.
  private _becomeActive(wire: Wire, asked: boolean): void {
    const other = this._sides[otherWire(wire)];
    this._sides[wire].standby = false;
    this._hadActive = true;
    if (this._config.mode !== "standby" || !other.live || other.standby) return;
    other.standby = true;
    other.reason = "demoted";
    this._merge.detach(otherWire(wire));
    if (!asked && this._merge.appliedSeq !== null) this._sendPromote(wire);
  }

  private _entry(now: number, wire: Wire, m: EntryMessage): void {
    const before = this.counters.delivered;
    const { ts } = m.entry;
    this._merge.entry(wire, m);
    if (this._config.reportDelay && typeof ts === "number" && this.counters.delivered > before) {
      this._delay.applied(now, ts);
    }
  }

  private _heartbeat(now: number, wire: Wire, m: { cursor: Cursor; head: Cursor | null; ts: unknown }): void {
    if (this._config.reportDelay && typeof m.ts === "number") this._delay.heard(now, m.ts);
    this._merge.completeUpTo(wire, m.cursor);
    this._acks.forHeartbeat = true;
    // Behind the head, or taken for a standby by the server: nothing else tells them apart.
    const behind = m.head?.epoch === this._merge.epoch && m.cursor.seq < m.head.seq;
    if (this._config.mode === "standby" && behind && this._merge.covers(wire)) this._sendPromote(wire);
  }

  private _open(now: number, wire: Wire): void {
    const { clientId, mode } = this._config;
    const attempt = this._nextAttempt++;
    this._sides[wire].opening(now, attempt);
    this._sides[wire].reason = "open";
    const { sessionId, applied: cursor } = this;
    this.outputs.push({ kind: "open", wire, attempt, sessionId, clientId, cursor, mode });
  }

  // The connection is gone, by whomever's doing: decides whether and when it returns.
  private _ended(now: number, wire: Wire, info: CloseInfo): void {
    const side = this._sides[wire];
    this._lose(wire, info.reason || "closed");
    const fate = afterClose(info);
    if (fate === "session_replaced") {
      side.end("off");
      return this._stopAll(fate);
    }
    if (fate === "barred") {
      side.end(fate);
      if (WIRES.every((each) => ["barred", "off"].includes(this._sides[each].phase))) this._stopAll("displaced");
    } else if (fate === "refused") {
      side.end(fate);
    } else {
      side.closed(now, fate === "retry_soon", info.retryAfterMs);
    }
    this._hastenSecond(now, wire);
  }

  private _lose(wire: Wire, reason: string): void {
    const side = this._sides[wire];
    this._merge.detach(wire);
    this._promotion.reset(wire);
    if (wire === "websocket") this._commands.carrierLost(side.attempt);
    side.standby = false;
    side.reason = reason;
  }

  private _close(now: number, wire: Wire, code: number, reason: string, soon: boolean): void {
    const side = this._sides[wire];
    this.outputs.push({ kind: "close", wire, attempt: side.attempt, code, reason });
    this._lose(wire, reason);
    side.closed(now, soon);
    this._hastenSecond(now, wire);
  }

  private _stopAll(reason: string): void {
    this._running = this._hadActive = false;
    this._carrier = null;
    for (const wire of WIRES) {
      const side = this._sides[wire];
      if (side.open) {
        this.outputs.push({ kind: "close", wire, attempt: side.attempt, code: 1000, reason });
        this._lose(wire, reason);
      }
      side.reason = reason;
      side.end("off");
    }
    this._commands.abandon(reason, true);
    this._firstPostOfSession = this._posts.next;
    this._ackPost = null;
    this.outputs.push({ kind: "stopped", reason });
  }

  // The other wire waited only for this one's fate to be known.
  private _hastenSecond(now: number, wire: Wire): void {
    const other = this._sides[otherWire(wire)];
    if (this._running && other.phase === "waiting" && !other.attempt) other.openAt(now);
  }

  // What follows from any input, in this order, which the test vectors rely on.
  private _settle(now: number): void {
    for (const wire of WIRES) if (this._sides[wire].due(now) === "open") this._open(now, wire);
    if (this._running) {
      this._promoteIfNeeded(now);
      this._commands.flush(now, this._route(), this.sessionId, this._posts);
      const total = this.counters.delivered + this.counters.gapsTold;
      this._acks.applied(now, total - this._acknowledged);
      this._acknowledged = total;
      if (this._acks.due(now)) this._acknowledge(now);
    }
    for (const wire of WIRES) {
      const side = this._sides[wire];
      const { status, reason } = side;
      if (status !== side.told) this.outputs.push({ kind: "wire", wire, status, reason });
      side.told = status;
    }
    this._tellFailover();
  }

  private _tellFailover(): void {
    const carriers = WIRES.filter((wire) => this._sides[wire].healthy && this._merge.covers(wire));
    const [to] = carriers;
    if (!to || (this._carrier && carriers.includes(this._carrier))) return;
    if (this._carrier) this.outputs.push({ kind: "failed_over", from: this._carrier, to });
    this._carrier = to;
  }

  private _promoteIfNeeded(now: number): void {
    const views = { websocket: this._view("websocket"), sse: this._view("sse") };
    const decision = this._promotion.decide(now, views);
    if (!decision) return;
    const { wire, step } = decision;
    if (step === "give_up") return this._close(now, wire, 1000, "promote_unanswered", true);
    this._promotion.asked(null);
    if (!this._mayPromote(wire)) return;
    // A client that has applied nothing yet starts where its standby stands.
    this._merge.startAt(this._sides[wire].welcomeCursor as Cursor);
    if (this._merge.applied && this._sendPromote(wire)) this._promotion.asked(now);
  }

  // A standby that is welcomed before the first active wire waits for that one.
  private _mayPromote(wire: Wire): boolean {
    const { phase, attempt } = this._sides[otherWire(wire)];
    return this._hadActive || !(phase === "connecting" || (phase === "waiting" && !attempt));
  }

  private _sendPromote(wire: Wire): boolean {
    const { connectionId } = this._sides[wire];
    return this._send({ type: "promote", data: { connection_id: connectionId, cursor: this.applied } });
  }

  // A message without an id: no reply, and nothing to be sent again.
  private _send(message: unknown): boolean {
    const route = this._route();
    if (!route) return false;
    const text = JSON.stringify(message);
    if (route.attempt !== null) {
      this.outputs.push({ kind: "send", attempt: route.attempt, text });
    } else {
      const { clientId } = this._config;
      const postId = this._posts.next++;
      this.outputs.push({ kind: "post", postId, sessionId: this.sessionId, clientId, body: `[${text}]` });
    }
    return true;
  }

  private _canAcknowledge(): boolean {
    return this._running && !this._ackPost && this._merge.appliedSeq !== null && this._route() !== null;
  }

  private _acknowledge(now: number): void {
    if (!this._canAcknowledge()) return;
    const data: Record<string, unknown> = { cursor: this.applied };
    if (this._acks.forHeartbeat) {
      const { delivered, duplicates, gapsTold: gaps, lost } = this.counters;
      // How the server knows that an event stream's reader lives.
      data.alive = WIRES.filter((wire) => this._sides[wire].healthy).map((wire) => this._sides[wire].connectionId);
      data.stats = { delivered, duplicates, gaps, lost, delivery_ms: this._delay.take() };
      data.application = this._statistics;
    }
    if (this._route()?.attempt === null) this._ackPost = { id: this._posts.next, deadline: now + POST_TIMEOUT_MS };
    this._send({ type: "ack", data });
    this._acks.sent();
  }

  // By a healthy WebSocket, else by POST while an event stream shows that the server is there, else by one in doubt.
  private _route(): Route {
    const { websocket, sse } = this._sides;
    if (websocket.healthy) return { attempt: websocket.attempt };
    if (sse.healthy && !this._postBlocked) return { attempt: null };
    if (websocket.live) return { attempt: websocket.attempt };
    return sse.live && !this._postBlocked ? { attempt: null } : null;
  }

  private _view(wire: Wire): WireView {
    const { live, healthy } = this._sides[wire];
    const place = this._merge.place(wire);
    const carries = this._merge.covers(wire) || place === "awaiting_gap";
    return { live, healthy, carries, overflowed: place === "overflowed" };
  }
}
