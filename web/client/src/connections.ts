// The sockets of a client: one connection at a time. A connection decides nothing: it opens what it is told to, hands
// over each message as text, and says once how it ended, unless it was closed from here.
import type { CloseInfo } from "./core/config.js";

/** What the client needs of a WebSocket: the browser's, node's, or the one of the package `ws`. */
export interface SocketLike {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
// biome-ignore lint/suspicious/noExplicitAny: constructors differ in what else they accept
export type SocketClass = new (url: string, protocols: string[], options?: any) => SocketLike;
export type EventSourceClass = new (url: string, init?: { withCredentials?: boolean }) => EventSource;
export type Fetch = typeof fetch;

export interface Reports {
  opened(): void;
  message(text: string): void;
  closed(info: CloseInfo): void;
}

export interface Connection {
  send(text: string): void;
  close(code: number, reason: string): void;
}

const MESSAGE_CHARACTERS_MAX = 16 << 20; // a page of history is far below
const BLOCK_END = /\r?\n\r?\n/;

export function openSocket(
  Socket: SocketClass,
  url: string,
  token: string,
  headers: Record<string, string>,
  { opened, message, closed }: Reports,
): Connection {
  // A browser's WebSocket can carry a token in the list of protocols only; others take headers as well.
  const protocols = ["mythos.v1", ...(token ? ["bearer", token] : [])];
  const socket = Object.keys(headers).length ? new Socket(url, protocols, { headers }) : new Socket(url, protocols);
  socket.onopen = opened;
  socket.onmessage = ({ data }: { data: unknown }) => message(String(data));
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => closed({ code, reason });
  socket.onerror = () => {}; // the close follows
  return {
    send: (text) => socket.send(text),
    close(code, reason) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(code, reason);
    },
  };
}

/** The browser's own event stream. It does not say why it was refused: then `closed` is told nothing. */
export function openEventSource(
  Source: EventSourceClass,
  url: string,
  withCredentials: boolean,
  { opened, message, closed }: Reports,
): Connection {
  const source = new Source(url, { withCredentials });
  source.onopen = opened;
  source.onmessage = ({ data }) => message(data);
  source.onerror = () => {
    source.close(); // coming back is the core's decision
    closed({});
  };
  return { send() {}, close: () => source.close() };
}

export function retryAfterMs(answer: Response): number | undefined {
  const header = answer.headers.get("Retry-After");
  return header && /^\d+$/.test(header) ? +header * 1_000 : undefined;
}

/** An event stream that is read by `fetch`, which can send headers and sees why it is refused. */
export function openStream(
  fetch: Fetch,
  url: string,
  request: RequestInit,
  { opened, message, closed }: Reports,
): Connection {
  const abort = new AbortController();
  const read = async (): Promise<CloseInfo> => {
    const answer = await fetch(url, {
      ...request,
      headers: { ...request.headers, Accept: "text/event-stream" },
      signal: abort.signal,
    });
    const { status: httpStatus, body } = answer;
    if (httpStatus !== 200 || !body) {
      body?.cancel();
      return { httpStatus, reason: `HTTP ${httpStatus}`, retryAfterMs: retryAfterMs(answer) };
    }
    opened();
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return { reason: "end_of_stream" };
      const blocks = (rest + decoder.decode(value, { stream: true })).split(BLOCK_END);
      rest = blocks.pop() as string;
      if (rest.length > MESSAGE_CHARACTERS_MAX) throw Error("too_big");
      for (const block of blocks) {
        const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        if (lines.length) message(lines.map((line) => line.slice(line[5] === " " ? 6 : 5)).join("\n"));
      }
    }
  };
  read()
    .catch((error) => ({ reason: `${error?.message}` }))
    .then((info) => {
      if (!abort.signal.aborted) closed(info);
      abort.abort();
    });
  return { send() {}, close: () => abort.abort() };
}
