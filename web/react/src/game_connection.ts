// What `useGameConnection` shows: one client and its state, as a store that React reads. No React in here.
import { Client, type ClientOptions, type Entry, type Gap, MythosError, type Tiding } from "@mythos/client";

/** unknown: not connected yet. healthy: every wire lives. degraded: one of two. unhealthy: none, or sent away. */
export type Health = "unknown" | "healthy" | "degraded" | "unhealthy";

export interface Listeners {
  onEntry?: ((entry: Entry) => void) | undefined;
  onGap?: ((gap: Gap) => void) | undefined;
}

export interface ConnectionState {
  readonly health: Health;
  readonly isConnected: boolean;
  readonly sessionId: string | null;
  readonly wires: Client["wires"];
  /** Why the server sent this client away, or could not be reached; null while all is well. */
  readonly error: string | null;
}

export interface ConnectionInfo extends ConnectionState {
  readonly player: string;
  readonly clientId: string;
  readonly epoch: string | null;
  readonly cursor: string | null;
  readonly statistics: Client["statistics"];
}

export class GameConnection {
  listeners: Listeners = {};
  private client: Client;
  private state: ConnectionState;
  private error: string | null = null;
  private wanted = false;
  private attempt = 0;
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly url: string,
    private readonly player: string,
    private readonly options: ClientOptions,
  ) {
    this.client = this.make(options);
    this.state = this.read();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly snapshot = (): ConnectionState => this.state;

  /** Rejects with ConnectFailed or ClientStopped; `disconnect` meanwhile is no failure. */
  readonly connect = async (): Promise<void> => {
    const attempt = ++this.attempt;
    this.wanted = true;
    this.error = null;
    try {
      await this.client.open();
    } catch (error) {
      if (!this.wanted || attempt !== this.attempt) return;
      this.error = error instanceof MythosError ? error.code : `${error}`;
      this.tell();
      throw error;
    }
  };

  readonly disconnect = (): void => {
    this.wanted = false;
    this.client.close();
    this.tell();
  };

  readonly sendCommand = (type: string, data?: unknown): Promise<unknown> => this.client.command(type, data);

  /** Replaces the player's session for all its clients, joins the new one and gives its id. */
  readonly createNewSession = async (): Promise<string> => {
    const base = new URL(this.url, globalThis.location?.href).href.replace(/\/$/, "");
    const { token = "", headers = {}, fetch: request = fetch } = this.options;
    const bearer = typeof token === "function" ? token() : token;
    const answer = await request(`${base}/api/connections/${encodeURIComponent(this.player)}/session`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(bearer && { Authorization: `Bearer ${bearer}` }),
        ...(typeof headers === "function" ? headers() : headers),
      },
      body: "{}",
    });
    if (!answer.ok) throw new MythosError("CommandFailed", `http_${answer.status}`);
    const { session_id: sessionId } = await answer.json();
    await this.switchToSession(sessionId);
    return sessionId;
  };

  /** Leaves this session for another one of the player's, from its end on. */
  readonly switchToSession = async (sessionId: string): Promise<void> => {
    this.client.close();
    const { cursor: _, storage: __, ...options } = this.options;
    this.client = this.make({ ...options, sessionId });
    await this.connect();
  };

  readonly getConnectionInfo = (): ConnectionInfo => {
    const { player, clientId, epoch, cursor, statistics } = this.client;
    return { ...this.state, player, clientId, epoch, cursor, statistics };
  };

  private make(options: ClientOptions): Client {
    const client = new Client(this.url, this.player, options);
    client.listen((tiding) => {
      if (client === this.client) this.heard(tiding);
    });
    return client;
  }

  private heard(tiding: Tiding): void {
    if (tiding.kind === "entry") this.listeners.onEntry?.(tiding.entry);
    else if (tiding.kind === "gap") this.listeners.onGap?.(tiding.gap);
    else this.tell();
  }

  private tell(): void {
    this.state = this.read();
    for (const watcher of this.watchers) watcher();
  }

  private read(): ConnectionState {
    const { wires, sessionId, stoppedBy } = this.client;
    const states = Object.values(wires).map(({ status }) => status);
    const living = states.filter((status) => status === "live" || status === "standby").length;
    const sentAway = stoppedBy !== null && stoppedBy !== "stopped";
    const error = sentAway ? stoppedBy : this.error;
    let health: Health = "unhealthy";
    if (living > 0) health = living === states.length ? "healthy" : "degraded";
    else if (!error && (!this.wanted || !this.everJoined())) health = "unknown";
    return { health, isConnected: living > 0, sessionId, wires, error };
  }

  private everJoined(): boolean {
    return this.client.epoch !== null;
  }
}
