// What an application asks of a client, whether it has wires of its own or shares those of other tabs.
import type { Tiding, Wire, WireStatus } from "./core/config.js";

export interface WireState {
  status: WireStatus;
  reason: string;
}

/** Exactly one of `channel`, `player` and `everyone`; `key`: conflation. */
export type Target = { key?: string } & ({ channel: string } | { player: string } | { everyone: true });

export abstract class Commands {
  sessionId: string | null = null;
  playerId: string | null = null;
  /** The first part of every id: ids compare only within an epoch. */
  epoch: string | null = null;
  /** By wire in use. */
  wires: Partial<Record<Wire, WireState>> = {};
  /** Why it does nothing more by itself; null while it does. */
  stoppedBy: string | null = null;
  readonly #listeners = new Set<(tiding: Tiding) => void>();

  /** Resolves with the first welcome; the other wire follows by itself. Rejects with ConnectFailed, ClientStopped. */
  abstract open(): Promise<this>;
  /** Says goodbye; commands without an answer end in OutcomeUnknown. */
  abstract close(): void;
  /**
   * Sends a command and gives its reply's data. Sent again under the same id, on whichever wire lives, until it is
   * answered: executed once at most. Rejects with CommandFailed, OutcomeUnknown, ClientStopped.
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the handler replied
  abstract command(type: string, data?: unknown): Promise<any>;
  /** The position up to which the listeners were told everything: what to resume from in a later run. */
  abstract get cursor(): string | null;

  /** Calls `listener` with each entry once and in order, and with gaps and what the wires do. The result ends that. */
  listen(listener: (tiding: Tiding) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * From the position that it gives on, what is said in these channels is owed to this client's session. Where the
   * session is lost to a restart or its grace period, the client subscribes again by itself.
   */
  async subscribe(channels: string | string[], presence = false): Promise<string> {
    return (await this.command("subscribe", { channels: [channels].flat(), presence })).id;
  }

  async unsubscribe(channels: string | string[]): Promise<string | null> {
    return (await this.command("unsubscribe", { channels: [channels].flat() })).id;
  }

  /** Publishes one message; its id. */
  async publish(type: string, data: unknown, target: Target): Promise<string> {
    return (await this.command("publish", { type, data, ...target })).id;
  }

  // Not private to this file's bundle: the sharing of tabs, which is built apart, calls it too.
  protected told(tiding: Tiding): void {
    if (tiding.kind === "session") {
      this.sessionId = tiding.sessionId;
      this.playerId = tiding.playerId;
      this.epoch = tiding.epoch;
    } else if (tiding.kind === "wire") {
      this.wires = { ...this.wires, [tiding.wire]: { status: tiding.status, reason: tiding.reason } };
    } else if (tiding.kind === "stopped") {
      this.stoppedBy = tiding.reason;
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(tiding);
      } catch (error) {
        console.error(error); // the application's mistake must not end a wire
      }
    }
  }
}
