// A client with two wires of its own, for browsers, workers and node. Every decision is the core's
// (core/dual_client.ts); this gives it its sockets, its clock and its timer, and does what it says.
import { steadyClock, watchHost } from "./clock.js";
import { Commands } from "./commands.js";
import {
  type Connection,
  type EventSourceClass,
  type Fetch,
  openEventSource,
  openSocket,
  openStream,
  type Reports,
  retryAfterMs,
  type SocketClass,
} from "./connections.js";
import { type Mode, type Order, type Outcome, WIRES, type Wire } from "./core/config.js";
import { createDualClient, type DualClient } from "./core/dual_client.js";
import { MythosError } from "./errors.js";
import { leave, take } from "./resume.js";

const TIMER_MAX_MS = 5_000; // how soon a sleep is noticed, whatever else is waited for
const LATE_MS = 2_000; // a timer that fires so late has slept, or was held back
const READ_FIRST_MS = 100; // after it, what arrived meanwhile is read before silence is judged

type Given<T> = T | (() => T);

export interface ClientOptions {
  /** `mirror`: both wires carry everything. `standby`: one waits. */
  mode?: Mode;
  wires?: readonly Wire[];
  /** Random unless given; give the same one, with `sessionId` and `cursor`, to go on where an earlier run ended. */
  clientId?: string;
  sessionId?: string;
  cursor?: string;
  /** Goes on after a page reload: give it `sessionStorage`. */
  storage?: Storage;
  /** Sent as `Authorization: Bearer`, and among a WebSocket's protocols, where a browser lets no header be set. */
  token?: Given<string>;
  /** With every request; with a WebSocket only outside browsers. */
  headers?: Given<Record<string, string>>;
  /** `include`: with cookies to another origin, which then has to be listed in the server's `http.origins`. */
  credentials?: RequestCredentials;
  openTimeoutMs?: number;
  WebSocket?: SocketClass;
  /** null: read the event stream by `fetch`, which is done anyway where headers or a token go with it. */
  EventSource?: EventSourceClass | null;
  fetch?: Fetch;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  random?: () => number;
}

// biome-ignore lint/suspicious/noExplicitAny: what is there differs between browsers, workers and node
const host: any = globalThis;

const value = <T>(given: Given<T>): T => (typeof given === "function" ? (given as () => T)() : given);

export class Client extends Commands {
  readonly url: URL;
  readonly clientId: string;
  /** The channels that it subscribed to and did not leave, and whether with presence. */
  readonly subscriptions = new Map<string, boolean>();
  failovers = 0;
  private readonly _core: DualClient;
  private readonly _connections = new Map<number, Connection>();
  private readonly _answers = new Map<string, [(data: unknown) => void, (error: MythosError) => void]>();
  private readonly _now: () => number;
  private readonly _key: string;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _settling = false;
  private _sseRefused = false;
  private _awayAt = Infinity;
  private _unwatch: (() => void) | null = null;

  /** Throws TypeError for what is no URL. In a page, a URL may be relative. */
  constructor(
    url: string | URL,
    readonly player: string,
    private readonly _options: ClientOptions = {},
  ) {
    super();
    const { storage, wires = WIRES, random = Math.random, mode = "mirror" } = _options;
    this.url = new URL(url, host.location?.href);
    this._now = _options.now ?? steadyClock();
    this._key = `mythos ${this.url} ${player}`;
    const saved = (storage && take(storage, this._key)) ?? {};
    const made = () => random().toString(36).slice(2);
    this.clientId = _options.clientId ?? saved.clientId ?? `js-${made()}${made()}`;
    this.sessionId = _options.sessionId ?? saved.sessionId ?? null;
    // Above every number that an earlier run under this id can have used.
    const first = Math.max(Date.now(), saved.next ?? 0);
    this._core = createDualClient({
      clientId: this.clientId,
      sessionId: this.sessionId ?? "",
      cursor: _options.cursor ?? saved.cursor ?? null,
      firstCommand: first,
      firstAttempt: first,
      mode,
      wires,
      random,
      reportDelay: true,
    });
    for (const wire of wires) this.wires[wire] = { status: "off", reason: "" };
  }

  get cursor(): string | null {
    return this._core.applied();
  }

  /** Totals: delivered, duplicates (dropped copies), gapsTold, lost, … */
  get statistics(): DualClient["counters"] & { failovers: number } {
    return { ...this._core.counters, failovers: this.failovers };
  }

  /** Also brings a stopped or displaced client back. */
  open(): Promise<this> {
    this.stoppedBy = null;
    this._unwatch ??= watchHost(host, {
      back: () => this._back(),
      away: () => {
        this._awayAt = this._now();
      },
      hidden: () => this._leave(),
    });
    return new Promise((resolve, reject) => {
      const decided = (failure?: MythosError) => {
        clearTimeout(timer);
        stop();
        if (!failure) return resolve(this);
        this.close();
        reject(failure);
      };
      const fail = () => decided(new MythosError("ConnectFailed", "connect_failed", this._troubles()));
      const timer = setTimeout(fail, this._options.openTimeoutMs ?? 10_000);
      const stop = this.listen((tiding) => {
        const states = Object.values(this.wires).map(({ status }) => status);
        if (states.some((status) => status === "live" || status === "standby")) decided();
        else if (tiding.kind === "stopped") decided(new MythosError("ClientStopped", tiding.reason));
        else if (states.every((status) => status === "refused")) fail();
      });
      this._do((now) => this._core.start(now));
    });
  }

  close(): void {
    this._do((now) => this._core.stop(now));
    this._unwatch?.();
    this._unwatch = null;
  }

  command(type: string, data?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const text = data === undefined ? "" : JSON.stringify(data);
      this._do((now) => {
        const sent = this._core.sendCommand(now, type, text);
        if ("id" in sent) this._answers.set(sent.id, [resolve, reject]);
        else if (sent.error === "stopped") reject(new MythosError("ClientStopped", this.stoppedBy ?? "not_open"));
        else reject(new MythosError("CommandFailed", sent.error));
      });
    });
  }

  override async subscribe(channels: string | string[], presence = false): Promise<string> {
    const id = await super.subscribe(channels, presence);
    for (const channel of [channels].flat()) this.subscriptions.set(channel, presence);
    return id;
  }

  override async unsubscribe(channels: string | string[]): Promise<string | null> {
    const id = await super.unsubscribe(channels);
    for (const channel of [channels].flat()) this.subscriptions.delete(channel);
    return id;
  }

  /** `token` and `headers` give new credentials now: refused wires come back. */
  credentialsRenewed(): void {
    this._do((now) => this._core.credentialsRenewed(now));
  }

  /** The application's own, a JSON object that goes with the acknowledgement of each heartbeat. */
  setStatistics(statistics: object): void {
    this._core.setStatistics(statistics);
  }

  private _troubles(): string {
    const states = Object.entries(this.wires).map(([wire, { status, reason }]) => `${wire} is ${status} (${reason})`);
    return `no wire to ${this.url.host}: ${states.join(", ")}`;
  }

  // One input of the core, and everything that follows from it.
  private _do(input: (now: number) => void): void {
    input(this._now());
    if (this._settling) return; // told from within: the loop below goes on with it
    this._settling = true;
    for (let outputs = this._core.takeOutputs(); outputs.length; outputs = this._core.takeOutputs()) {
      for (const output of outputs) {
        switch (output.kind) {
          case "open":
            this._open(output);
            break;
          case "close":
            this._connections.get(output.attempt)?.close(output.code, output.reason);
            this._connections.delete(output.attempt);
            break;
          case "send":
            this._connections.get(output.attempt)?.send(output.text);
            break;
          case "post":
            this._post(output);
            break;
          case "reply":
          case "outcome_unknown":
            this._answered(output);
            break;
          default:
            if (output.kind === "failed_over") ++this.failovers;
            this.told(output);
            if (output.kind === "session" && output.fresh) this._subscribeAgain();
        }
      }
    }
    this._settling = false;
    this._setTimer();
  }

  private _setTimer(): void {
    clearTimeout(this._timer);
    const deadline = this._core.deadline();
    if (deadline === null) return;
    const asked = this._now();
    const delay = Math.max(0, Math.min(deadline - asked, TIMER_MAX_MS));
    this._timer = setTimeout(() => {
      if (this._now() - asked - delay > LATE_MS) this._back();
      else this._do((now) => this._core.tick(now));
    }, delay);
  }

  // The page, the network or the computer is back.
  private _back(): void {
    if (this._options.storage) take(this._options.storage, this._key);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      const since = this._awayAt;
      this._awayAt = Infinity;
      this._do((now) => this._core.wake(now, since === Infinity ? undefined : since));
    }, READ_FIRST_MS);
  }

  private _leave(): void {
    const { storage } = this._options;
    const sessionId = this._core.sessionId();
    const next = this._core.nextNumber();
    if (storage && sessionId)
      leave(storage, this._key, { clientId: this.clientId, sessionId, cursor: this.cursor, next });
  }

  private _credentials(): { token: string; headers: Record<string, string> } {
    const token = value(this._options.token ?? "");
    return {
      token,
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...value(this._options.headers ?? {}) },
    };
  }

  // With every request: never from a cache.
  private _request(): RequestInit {
    return { cache: "no-store", credentials: this._options.credentials ?? "same-origin" };
  }

  private _address(path: string, query: Record<string, string | null>): string {
    const url = new URL(this.url);
    url.pathname = url.pathname.replace(/\/$/, "") + path;
    for (const [name, given] of Object.entries(query)) if (given) url.searchParams.set(name, given);
    return url.href;
  }

  private _open(order: Extract<Order, { kind: "open" }>): void {
    const { wire, attempt, sessionId: session_id, clientId: client_id, cursor, mode } = order;
    const query = { session_id, client_id, cursor, mode, attempt: `${attempt}` };
    const path = `/${wire === "sse" ? "sse" : "ws"}/${encodeURIComponent(this.player)}`;
    const url = this._address(path, query);
    let isOpen = false;
    const reports: Reports = {
      opened: () => {
        isOpen = true;
        this._do((now) => this._core.opened(now, wire, attempt));
      },
      message: (text) => this._do((now) => this._core.message(now, wire, attempt, text)),
      closed: (info) => {
        // Asked again by fetch, a server that refuses an EventSource says why.
        if (wire === "sse") this._sseRefused = !isOpen;
        this._connections.delete(attempt);
        this._do((now) => this._core.closed(now, wire, attempt, info));
      },
    };
    try {
      this._connections.set(attempt, this._connect(wire, url, reports));
    } catch (error) {
      this._do((now) => this._core.closed(now, wire, attempt, { httpStatus: 400, reason: `${error}` }));
    }
  }

  private _connect(wire: Wire, url: string, reports: Reports): Connection {
    const {
      WebSocket = host.WebSocket,
      EventSource = host.EventSource,
      fetch = host.fetch,
      credentials,
    } = this._options;
    const { token, headers } = this._credentials();
    if (wire === "websocket") {
      return openSocket(WebSocket, url.replace(/^http/, "ws"), token, this._options.headers ? headers : {}, reports);
    }
    if (EventSource && !this._sseRefused && !Object.keys(headers).length)
      return openEventSource(EventSource, url, credentials === "include", reports);
    return openStream(fetch.bind(host), url, { ...this._request(), headers }, reports);
  }

  private async _post({ postId, sessionId: session_id, clientId: client_id, body }: Extract<Order, { kind: "post" }>) {
    const { fetch = host.fetch } = this._options;
    const headers = { ...this._credentials().headers, "Content-Type": "application/json" };
    const url = this._address("/api/commands", { session_id, client_id });
    let status = 0;
    let text = "";
    let after: number | undefined;
    try {
      const answer: Response = await fetch.call(host, url, { ...this._request(), method: "POST", headers, body });
      text = await answer.text();
      after = retryAfterMs(answer);
      status = answer.status;
    } catch {
      // No answer: the core sends again.
    }
    this._do((now) => this._core.postAnswered(now, postId, status, text, after));
  }

  private _answered(outcome: Outcome): void {
    const answer = this._answers.get(outcome.commandId);
    if (!answer) return;
    this._answers.delete(outcome.commandId);
    const [resolve, reject] = answer;
    if (outcome.kind === "outcome_unknown") reject(new MythosError("OutcomeUnknown", outcome.reason));
    else if (outcome.ok) resolve(outcome.data);
    else reject(new MythosError("CommandFailed", outcome.errorCode ?? "", outcome.errorMessage));
  }

  // The session that had them is gone; whoever subscribed once wants to stay so.
  private _subscribeAgain(): void {
    for (const presence of [false, true]) {
      const channels = [...this.subscriptions].filter(([, with_]) => with_ === presence).map(([channel]) => channel);
      if (channels.length) this.command("subscribe", { channels, presence }).catch(console.error);
    }
  }
}
