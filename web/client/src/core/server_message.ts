// What the server sends, read from one JSON message (docs/reference/protocol.md). Members that are not known are
// ignored, so that the protocol can grow. Pure.
import type { Entry } from "./config.js";

/** A position; `seq` is exact below 2^53, which a million entries a second reach in 285 years. */
export interface Cursor {
  readonly epoch: string;
  readonly seq: number;
}

export interface EntryMessage {
  kind: "entry";
  id: Cursor;
  entry: Entry;
  size: number;
}

/** The members are the protocol's, and those with a unit or a form have been read. */
export interface GapMessage {
  kind: "gap";
  after: Cursor | null;
  before: Cursor;
  lost: number | null;
  at_most: number | null;
  reason: string;
}

export interface WelcomeMessage {
  kind: "welcome";
  session_id: string;
  connection_id: string;
  player_id: string;
  mode: string;
  epoch: string;
  cursor: Cursor;
  heartbeat_ms: number | null;
}

export interface HeartbeatMessage {
  kind: "heartbeat";
  cursor: Cursor;
  head: Cursor | null;
  ts: unknown;
}

export interface ReplyMessage {
  kind: "reply";
  command_id: unknown;
  ok: boolean;
  data: unknown;
  error: { code?: string; message?: string; retryable?: boolean } | undefined;
}

export type ServerMessage =
  | EntryMessage
  | WelcomeMessage
  | GapMessage
  | ReplyMessage
  | HeartbeatMessage
  | { kind: "promoted"; cursor: Cursor }
  | { kind: "draining"; reconnect_after_ms: number | null }
  | { kind: "closed"; code: number; reason: string }
  | { kind: "unknown" }
  | { kind: "malformed" };

// biome-ignore lint/suspicious/noExplicitAny: JSON from outside, judged member by member
type Json = any;

const DURATION_MAX_MS = 24 * 3_600_000;
const MALFORMED: ServerMessage = { kind: "malformed" };

const isObject = (value: Json): boolean => typeof value === "object" && value && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const textOf = (value: unknown): string => (isText(value) ? value : "");
const countOf = (value: Json, most = Infinity): number | null =>
  Number.isInteger(value) && value >= 0 && value <= most ? value : null;

export function parseCursor(value: unknown): Cursor | null {
  const [, epoch, digits] = /^([0-9a-z]{1,16})-(\d+)$/.exec(textOf(value)) ?? [];
  const seq = Number(digits);
  return epoch && Number.isSafeInteger(seq) ? { epoch, seq } : null;
}

export const cursorText = ({ epoch, seq }: Cursor): string => `${epoch}-${seq}`;

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isJson = (text: string): boolean => parsed(text) !== undefined;

// What a message must have, by its type; `data` is as it was sent.
const isRead: Record<string, (read: Json, data: Json) => unknown> = {
  welcome: ({ cursor, session_id, epoch }) => session_id && epoch && cursor,
  gap: ({ before, after }, data) => before?.seq && (after || data.after == null),
  reply: ({ ok }) => ok === true || ok === false,
  promoted: ({ cursor }) => cursor,
  heartbeat: ({ cursor }) => cursor,
  draining: () => true,
  closed: ({ code }) => code !== null,
};

function readControl(kind: string, data: Json): ServerMessage {
  const judge = Object.hasOwn(isRead, kind) && isRead[kind];
  if (!judge) return { kind: "unknown" };
  const read = { ...data, kind };
  for (const name of ["cursor", "head", "before", "after"]) read[name] = parseCursor(data[name]);
  for (const name of ["session_id", "connection_id", "player_id", "epoch", "reason"]) read[name] = textOf(data[name]);
  for (const name of ["lost", "at_most"]) read[name] = countOf(data[name]);
  for (const name of ["heartbeat_ms", "reconnect_after_ms"]) read[name] = countOf(data[name], DURATION_MAX_MS);
  read.code = countOf(data.code, 4_999);
  return judge(read, data) ? read : MALFORMED;
}

export function parseServerMessage(text: string): ServerMessage {
  const message = parsed(text);
  if (!isObject(message) || !isText(message.type)) return MALFORMED;
  if (isText(message.id)) {
    const id = parseCursor(message.id);
    return id?.seq ? { kind: "entry", id, entry: message, size: text.length } : MALFORMED;
  }
  const [, kind] = /^mythos\.(.*)/.exec(message.type) ?? [];
  return kind !== undefined && isObject(message.data) ? readControl(kind, message.data) : MALFORMED;
}

/** The body that answers POST /api/commands. Elements that cannot be read are left out. */
export function parseReplies(body: string): ReplyMessage[] {
  const array = parsed(body);
  const read: ServerMessage[] = Array.isArray(array)
    ? array.map((each) => parseServerMessage(JSON.stringify(each)))
    : [];
  return read.filter((each) => each.kind === "reply");
}
