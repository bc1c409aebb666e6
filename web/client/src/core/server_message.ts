// What the server sends, read from one JSON message (docs/reference/protocol.md). Members that are not known are
// ignored, so that the protocol can grow. Pure.
import type { Entry } from "./config.js";

/** A position; `seq` is exact below 2^53, which a million entries a second reach in 285 years. */
export interface Cursor {
  readonly epoch: string;
  readonly seq: number;
}

export interface GapMessage {
  kind: "gap";
  after: Cursor | null;
  before: Cursor;
  lost: number | null;
  atMost: number | null;
  reason: string;
}

export interface EntryMessage {
  kind: "entry";
  id: Cursor;
  entry: Entry;
  size: number;
}

export interface WelcomeMessage {
  kind: "welcome";
  sessionId: string;
  connectionId: string;
  playerId: string;
  standby: boolean;
  epoch: string;
  cursor: Cursor;
  heartbeatMs: number | null;
}

export interface ReplyMessage {
  kind: "reply";
  commandId: string | null;
  ok: boolean;
  data: unknown;
  errorCode: string | null;
  errorMessage: string;
  retryable: boolean;
}

export type ServerMessage =
  | EntryMessage
  | WelcomeMessage
  | GapMessage
  | ReplyMessage
  | { kind: "promoted"; cursor: Cursor }
  | { kind: "heartbeat"; cursor: Cursor; head: Cursor | null; ts: unknown }
  | { kind: "draining"; afterMs: number }
  | { kind: "closed"; code: number; reason: string }
  | { kind: "unknown" }
  | { kind: "malformed" };

type Json = Record<string, unknown>;

const DURATION_MAX_MS = 24 * 3_600_000;
const MALFORMED: ServerMessage = { kind: "malformed" };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const countOf = (value: unknown): number | null =>
  Number.isInteger(value) && (value as number) >= 0 ? +(value as number) : null;

function durationOf(value: unknown): number | null {
  const ms = countOf(value);
  return ms !== null && ms <= DURATION_MAX_MS ? ms : null;
}

export function parseCursor(value: unknown): Cursor | null {
  const [, epoch, digits] = /^([0-9a-z]{1,16})-(\d+)$/.exec(textOf(value)) ?? [];
  const seq = Number(digits);
  return epoch && Number.isSafeInteger(seq) ? { epoch, seq } : null;
}

export const cursorText = (cursor: Cursor): string => `${cursor.epoch}-${cursor.seq}`;

function readReply(data: Json): ReplyMessage | null {
  if (typeof data.ok !== "boolean") return null;
  const error = isObject(data.error) ? data.error : {};
  return {
    kind: "reply",
    commandId: typeof data.command_id === "string" ? data.command_id : null,
    ok: data.ok,
    data: data.data ?? null,
    errorCode: textOf(error.code) || null,
    errorMessage: textOf(error.message),
    retryable: error.retryable === true,
  };
}

function readWelcome(data: Json): ServerMessage {
  const cursor = parseCursor(data.cursor);
  const sessionId = textOf(data.session_id);
  const epoch = textOf(data.epoch);
  if (!sessionId || !epoch || !cursor) return MALFORMED;
  return {
    kind: "welcome",
    sessionId,
    connectionId: textOf(data.connection_id),
    playerId: textOf(data.player_id),
    standby: data.mode === "standby",
    epoch,
    cursor,
    heartbeatMs: durationOf(data.heartbeat_ms) || null,
  };
}

function readGap(data: Json): ServerMessage {
  const before = parseCursor(data.before);
  const after = parseCursor(data.after);
  if (!before?.seq || (!after && data.after != null)) return MALFORMED;
  const reason = textOf(data.reason);
  return { kind: "gap", after, before, lost: countOf(data.lost), atMost: countOf(data.at_most), reason };
}

function readControl(type: string, data: Json): ServerMessage {
  const cursor = parseCursor(data.cursor);
  const code = countOf(data.code);
  switch (type) {
    case "mythos.welcome":
      return readWelcome(data);
    case "mythos.gap":
      return readGap(data);
    case "mythos.reply":
      return readReply(data) ?? MALFORMED;
    case "mythos.promoted":
      return cursor ? { kind: "promoted", cursor } : MALFORMED;
    case "mythos.heartbeat":
      return cursor ? { kind: "heartbeat", cursor, head: parseCursor(data.head), ts: data.ts } : MALFORMED;
    case "mythos.draining":
      return { kind: "draining", afterMs: durationOf(data.reconnect_after_ms) ?? 0 };
    case "mythos.closed":
      return code === null || code > 4_999 ? MALFORMED : { kind: "closed", code, reason: textOf(data.reason) };
    default:
      return { kind: "unknown" };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isJson = (text: string): boolean => parsed(text) !== undefined;

export function parseServerMessage(text: string): ServerMessage {
  const message = parsed(text);
  if (!isObject(message) || typeof message.type !== "string") return MALFORMED;
  if (typeof message.id === "string") {
    const id = parseCursor(message.id);
    return id?.seq ? { kind: "entry", id, entry: message as unknown as Entry, size: text.length } : MALFORMED;
  }
  if (!message.type.startsWith("mythos.") || !isObject(message.data)) return MALFORMED;
  return readControl(message.type, message.data);
}

/** The body that answers POST /api/commands; null if it is not one. Elements that cannot be read are left out. */
export function parseReplies(body: string): ReplyMessage[] | null {
  const array = parsed(body);
  if (!Array.isArray(array)) return null;
  return array.flatMap((element) => {
    const message = isObject(element) && element.type === "mythos.reply" && element.data;
    return (isObject(message) && readReply(message)) || [];
  });
}
