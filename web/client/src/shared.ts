// One client for all tabs of a browser, in a SharedWorker: a browser opens six connections to a server over HTTP/1.1,
// and three tabs with two wires each would take them all. Each tab is told the whole stream.
import { Client, type ClientOptions, Commands, MythosError, type Tiding } from "./index.js";
import { leave, type Resume, take } from "./resume.js";

/** What can be sent to a worker, and where the worker's script is. */
export interface SharedOptions extends Pick<ClientOptions, "mode" | "openTimeoutMs" | "credentials"> {
  /** `new URL("@mythos/client/shared_worker.js", import.meta.url)`, or wherever it is served. */
  worker: string | URL;
  token?: string;
  headers?: Record<string, string>;
  storage?: Storage;
}

/** From a tab to the worker. */
export type Ask =
  | { hello: Partial<Resume>; url: string; player: string; options: ClientOptions }
  | { call: number; type: string; data: unknown }
  | { bye: true };

/** From the worker to a tab. */
export type Told =
  | { tiding: Tiding }
  | { welcome: Pick<Commands, "sessionId" | "playerId" | "epoch" | "wires" | "cursor"> & { clientId: string } }
  | { failed: [MythosError["name"], string, string]; call?: number }
  | { call: number; data: unknown };

/** Shares where the browser has SharedWorker, and is a `Client` of its own where not. */
export function sharedClient(url: string, player: string, { worker, ...options }: SharedOptions): Commands {
  if (typeof SharedWorker === "undefined") return new Client(url, player, options);
  return new SharedClient(new URL(url, location.href).href, player, worker, options);
}

export class SharedClient extends Commands {
  cursor: string | null = null;
  private _clientId = "";
  private _port: MessagePort | null = null;
  private _calls = new Map<number, [(data: unknown) => void, (error: MythosError) => void]>();
  private _nextCall = 1;
  private readonly _key: string;
  private readonly _away = () => this._bye();
  private readonly _back = ({ persisted }: PageTransitionEvent) => {
    if (persisted) this.open().catch(console.error);
  };

  constructor(
    private readonly _url: string,
    private readonly _player: string,
    private readonly _worker: string | URL,
    private readonly _options: Omit<SharedOptions, "worker">,
  ) {
    super();
    this._key = `mythos shared ${_url} ${_player}`;
  }

  async open(): Promise<this> {
    const { storage, ...options } = this._options;
    this._port?.close();
    const { port } = new SharedWorker(this._worker, { type: "module", name: "mythos" });
    this._port = port;
    this.stoppedBy = null;
    const saved = storage ? take(storage, this._key) : {};
    addEventListener("pagehide", this._away);
    addEventListener("pageshow", this._back);
    await new Promise((resolve, reject) => {
      this._calls.set(0, [resolve, reject]);
      port.onmessage = ({ data }: MessageEvent<Told>) => this._heard(data);
      const hello = this.cursor ? { ...saved, cursor: this.cursor } : saved;
      this._ask({ hello, url: this._url, player: this._player, options });
    });
    return this;
  }

  close(): void {
    this._bye();
    removeEventListener("pagehide", this._away);
    removeEventListener("pageshow", this._back);
    for (const [, reject] of this._calls.values()) reject(new MythosError("OutcomeUnknown", "stopped"));
    this._calls.clear();
    if (this._port) this.told({ kind: "stopped", reason: "stopped" });
    this._port = null;
  }

  command(type: string, data?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this._port || this.stoppedBy) return reject(new MythosError("ClientStopped", this.stoppedBy ?? "not_open"));
      const call = this._nextCall++;
      this._calls.set(call, [resolve, reject]);
      this._ask({ call, type, data });
    });
  }

  private _ask(ask: Ask): void {
    this._port?.postMessage(ask);
  }

  private _bye(): void {
    const { sessionId, cursor, _clientId: clientId } = this;
    const { storage } = this._options;
    if (storage && sessionId) leave(storage, this._key, { clientId, sessionId, cursor, next: 0 });
    this._ask({ bye: true });
  }

  private _heard(told: Told): void {
    if ("tiding" in told) {
      const { tiding } = told;
      if (tiding.kind === "entry") this.cursor = tiding.entry.id;
      if (tiding.kind === "gap") this.cursor = justBelow(tiding.gap.before);
      this.told(tiding);
    } else if ("welcome" in told) {
      const { clientId, ...state } = told.welcome;
      this._clientId = clientId;
      Object.assign(this, state);
      this._settle(0, undefined);
    } else {
      this._settle(told.call ?? 0, "failed" in told ? new MythosError(...told.failed) : told.data);
    }
  }

  private _settle(call: number, outcome: unknown): void {
    const [resolve, reject] = this._calls.get(call) ?? [];
    this._calls.delete(call);
    if (outcome instanceof MythosError) reject?.(outcome);
    else resolve?.(outcome);
  }
}

export function justBelow(id: string): string {
  const [epoch, seq] = id.split("-");
  return `${epoch}-${Number(seq) - 1}`;
}
