// What the state machine is told once, and what it asks for and tells. Times are milliseconds of a clock that never
// goes back, sizes are characters of JSON. The defaults and their reasons: cpp/protocol/client_config.hpp.

export type Wire = "websocket" | "sse";
export const WIRES: readonly Wire[] = ["websocket", "sse"];
export const otherWire = (wire: Wire): Wire => (wire === "sse" ? "websocket" : "sse");

export type Mode = "mirror" | "standby";

/** A wire's state: docs/reference/protocol.md and, for the words, cpp/protocol/client_output.hpp. */
export type WireStatus = "closed" | "connecting" | "live" | "standby" | "unhealthy" | "barred" | "refused" | "off";

export interface CoreConfig {
  clientId: string;
  sessionId: string;
  /** The last id applied in an earlier run. */
  cursor: string | null;
  /** Above every number used under this clientId. */
  firstCommand: number;
  firstAttempt: number;
  mode: Mode;
  wires: readonly Wire[];
  /** Fractions in [0, 1) that spread clients apart. */
  random: () => number;
  connectTimeoutMs: number;
  /** Until a welcome names the server's. */
  heartbeatMs: number;
  heldEntriesMax: number;
  heldBytesMax: number;
  ackEntries: number;
  commandWindow: number;
  commandsQueuedMax: number;
  postCommandsMax: number;
  commandRetriesMax: number;
  /** Whether to tell the server, once a heartbeat, how late entries came. */
  reportDelay: boolean;
}

export const DEFAULTS: CoreConfig = {
  clientId: "",
  sessionId: "",
  cursor: null,
  firstCommand: 1,
  firstAttempt: 1,
  mode: "mirror",
  wires: WIRES,
  random: Math.random,
  connectTimeoutMs: 5_000,
  heartbeatMs: 15_000,
  heldEntriesMax: 8_192,
  heldBytesMax: 4 << 20,
  ackEntries: 64,
  commandWindow: 128,
  commandsQueuedMax: 1_024,
  postCommandsMax: 32,
  commandRetriesMax: 8,
  reportDelay: false,
};

/** An entry as the server sent it. Numbers beyond 2^53 in `data` have lost their last digits by being parsed. */
export interface Entry {
  readonly id: string;
  readonly type: string;
  readonly channel?: string;
  readonly ts?: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the publisher sent
  readonly data: any;
}

/**
 * Entries between `after` and `before` (both exclusive) will not come. `lost`: how many of them were owed, null where
 * nobody knows; `atMost`: the positions between. `after` is null where the old positions mean nothing any more.
 */
export interface Gap {
  readonly after: string | null;
  readonly before: string;
  readonly lost: number | null;
  readonly atMost: number | null;
  readonly reason: string;
}

/** For the shell to do. `attempt` numbers the connections over both wires. */
export type Order =
  | {
      kind: "open";
      wire: Wire;
      attempt: number;
      sessionId: string;
      clientId: string;
      cursor: string | null;
      mode: Mode;
    }
  | { kind: "close"; wire: Wire; attempt: number; code: number; reason: string }
  | { kind: "send"; attempt: number; text: string }
  | { kind: "post"; postId: number; sessionId: string; clientId: string; body: string };

/** For the application to know. `fresh` after another session or epoch: what was subscribed to is gone. */
export type Tiding =
  | { kind: "entry"; wire: Wire; entry: Entry }
  | { kind: "gap"; gap: Gap }
  | { kind: "wire"; wire: Wire; status: WireStatus; reason: string }
  | { kind: "failed_over"; from: Wire; to: Wire }
  | { kind: "session"; sessionId: string; playerId: string; epoch: string; fresh: boolean }
  | { kind: "stopped"; reason: string };

/** How a command ended. */
export type Outcome =
  | { kind: "reply"; commandId: string; ok: boolean; data: unknown; errorCode: string | null; errorMessage: string }
  | { kind: "outcome_unknown"; commandId: string; reason: string };

export type Output = Order | Tiding | Outcome;

/** How a connection ended, as far as the shell knows. */
export interface CloseInfo {
  code?: number;
  httpStatus?: number;
  reason?: string;
  retryAfterMs?: number | undefined;
}
