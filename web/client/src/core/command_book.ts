// The commands of a client from `add` to their one outcome (docs/reference/protocol.md; twin of
// cpp/protocol/command_book.hpp). A command is written on the WebSocket while that is live, else posted; when what
// carried it dies it is sent again under the same id, so it is executed at most once. It never goes again into another
// session or epoch: then its outcome is unknown.
import { backoff, earliest } from "./backoff.js";
import type { CoreConfig, Output } from "./config.js";
import { isJson, parseReplies, type ReplyMessage } from "./server_message.js";

const POST_TIMEOUT_MS = 30_000;
const POST_CHARACTERS_MAX = 64 << 10;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

/** Where a message of the client can go right now; `attempt` is the WebSocket's, null for a POST. */
export type Route = { attempt: number | null } | null;

/** What a post's answer says about more than its own commands. */
export type PostVerdict = "fine" | "session_replaced" | "session_expired" | "unauthorised";

interface Item {
  number: number;
  text: string;
  at: "queue" | "websocket" | "post";
  carrier: number;
  sends: number; // copies whose fate is unknown
  retries: number; // of refusals marked retryable
  postFailures: number;
  alone: boolean; // posted by itself, after a post of several was refused
  notBefore: number;
}

interface Post {
  deadline: number;
  numbers: number[];
}

export interface PostIds {
  next: number;
}

export class CommandBook {
  // In the order of their numbers, as they were added.
  private readonly _items = new Map<number, Item>();
  private readonly _posts = new Map<number, Post>();
  private _next: number;

  constructor(
    private readonly _config: CoreConfig,
    private readonly _tell: (output: Output) => void,
  ) {
    this._next = _config.firstCommand;
  }

  get size(): number {
    return this._items.size;
  }
  get next(): number {
    return this._next;
  }

  /** Queues a command, whose `data` is JSON text or empty. */
  add(type: string, data: string): { id: string } | { error: "bad_command" | "too_many_commands" } {
    if (!type || type === "ack" || type === "promote" || (data && !isJson(data))) return { error: "bad_command" };
    if (this.size >= this._config.commandsQueuedMax) return { error: "too_many_commands" };
    const number = this._next++;
    const id = `c-${number}`;
    const text = `{"id":"${id}","type":${JSON.stringify(type)}${data && `,"data":${data}`}}`;
    const fresh = { carrier: 0, sends: 0, retries: 0, postFailures: 0, alone: false, notBefore: -Infinity };
    this._items.set(number, { number, text, at: "queue", ...fresh });
    return { id };
  }

  /** Sends what is due by `route`. */
  flush(now: number, route: Route, sessionId: string, posts: PostIds): void {
    if (!route) return;
    const due = this._window().filter((item) => item.notBefore <= now);
    if (route.attempt === null) return this._postDue(now, due, sessionId, posts);
    for (const item of due) {
      this._carry(item, "websocket", route.attempt);
      this._tell({ kind: "send", attempt: route.attempt, text: item.text });
    }
  }

  /** The WebSocket of `attempt` died or is in doubt: what it carried goes again. */
  carrierLost(attempt: number): void {
    for (const item of this._items.values()) {
      if (item.at === "websocket" && item.carrier === attempt) requeue(item, -Infinity);
    }
  }

  reply(now: number, reply: ReplyMessage): void {
    const number = /^c-\d+$/.test(reply.commandId ?? "") ? Number(reply.commandId?.slice(2)) : Number.NaN;
    const item = this._items.get(number);
    if (!item) return;
    if (!reply.ok && reply.retryable && item.retries < this._config.commandRetriesMax) {
      // Refused before execution. Only with no other copy on its way is that the whole story.
      if (item.sends === 1) item.sends = 0;
      requeue(item, now + this._backoff(++item.retries));
    } else if (reply.errorCode === "stale_id" && item.sends > 1) {
      // The server has forgotten the number: an earlier copy may have been executed.
      this._unknown(item, "stale_id");
    } else {
      this._end(item, reply.ok, reply.data, reply.errorCode, reply.errorMessage);
    }
  }

  postAnswered(now: number, postId: number, status: number, body: string, retryAfterMs?: number): PostVerdict {
    const numbers = this._posts.get(postId)?.numbers ?? [];
    this._posts.delete(postId);
    if (status === 401) {
      this._postFailed(now, numbers, postId, 0);
      return "unauthorised";
    }
    if (status === 409 || status === 410) {
      const reason = status === 409 ? "session_replaced" : "session_expired";
      // Nothing in this post was executed; what had only been sent by it has a known outcome.
      for (const item of this._inPost(numbers, postId)) if (item.sends <= 1) this._refuse(item, reason);
      this.abandon(reason, false);
      return reason;
    }
    if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
      this._postRefused(numbers, postId, `http_${status}`);
      return "fine";
    }
    if (status >= 200 && status < 300) for (const each of parseReplies(body) ?? []) this.reply(now, each);
    this._postFailed(now, numbers, postId, retryAfterMs);
    return "fine";
  }

  /** Ends every command that was sent as unknown; with `unsentToo`, the others as refused. */
  abandon(reason: string, unsentToo: boolean): void {
    this._posts.clear();
    for (const item of this._items.values()) {
      if (item.sends) this._unknown(item, reason);
      else if (unsentToo) this._refuse(item, reason);
    }
  }

  /** Posts that were never answered. */
  tick(now: number): void {
    for (const [postId, post] of this._posts) {
      if (post.deadline > now) continue;
      this._posts.delete(postId);
      this._postFailed(now, post.numbers, postId);
    }
  }

  deadline(route: Route): number | null {
    const posts = [...this._posts.values()].map((post) => post.deadline);
    return earliest(...posts, ...(route ? this._window().map((item) => item.notBefore) : []));
  }

  // What waits, of the numbers that may be out at a time: the server then remembers every unanswered one.
  private _window(): Item[] {
    const waiting: Item[] = [];
    let end: number | undefined;
    for (const item of this._items.values()) {
      end ??= item.number + this._config.commandWindow;
      if (item.number >= end) break;
      if (item.at === "queue") waiting.push(item);
    }
    return waiting;
  }

  private _postDue(now: number, due: Item[], sessionId: string, posts: PostIds): void {
    let batch: Item[] = [];
    let size = 0;
    const send = () => {
      if (batch.length) this._post(now, sessionId, posts.next++, batch);
      batch = [];
      size = 0;
    };
    for (const item of due) {
      const full = batch.length >= this._config.postCommandsMax || size + item.text.length > POST_CHARACTERS_MAX;
      if (full || item.alone) send();
      batch.push(item);
      size += item.text.length;
      if (item.alone) send();
    }
    send();
  }

  private _post(now: number, sessionId: string, postId: number, batch: Item[]): void {
    for (const item of batch) this._carry(item, "post", postId);
    const body = `[${batch.map((item) => item.text)}]`;
    this._tell({ kind: "post", postId, sessionId, clientId: this._config.clientId, body });
    this._posts.set(postId, { deadline: now + POST_TIMEOUT_MS, numbers: batch.map((item) => item.number) });
  }

  private _carry(item: Item, at: "websocket" | "post", carrier: number): void {
    item.at = at;
    item.carrier = carrier;
    ++item.sends;
  }

  private _inPost(numbers: number[], postId: number): Item[] {
    const known = numbers.map((number) => this._items.get(number));
    return known.filter((item): item is Item => item?.at === "post" && item.carrier === postId);
  }

  // What the post still carries was not answered by it.
  private _postFailed(now: number, numbers: number[], postId: number, retryAfterMs?: number): void {
    for (const item of this._inPost(numbers, postId)) {
      requeue(item, now + (retryAfterMs ?? this._backoff(item.postFailures + 1)));
      ++item.postFailures;
    }
  }

  // The request itself was at fault. One of several: each is tried by itself.
  private _postRefused(numbers: number[], postId: number, code: string): void {
    for (const item of this._inPost(numbers, postId)) {
      --item.sends;
      if (numbers.length > 1) {
        item.alone = true;
        requeue(item, -Infinity);
      } else if (item.sends) {
        this._unknown(item, code);
      } else {
        this._refuse(item, code);
      }
    }
  }

  private _backoff(failures: number): number {
    return backoff(this._config.random, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, failures);
  }

  private _unknown(item: Item, reason: string): void {
    this._items.delete(item.number);
    this._tell({ kind: "outcome_unknown", commandId: `c-${item.number}`, reason });
  }

  // A refusal of the client's own: the command was certainly not executed.
  private _refuse(item: Item, code: string): void {
    this._end(item, false, null, code, "The command was not executed.");
  }

  private _end(item: Item, ok: boolean, data: unknown, errorCode: string | null, errorMessage: string): void {
    this._items.delete(item.number);
    this._tell({ kind: "reply", commandId: `c-${item.number}`, ok, data, errorCode, errorMessage });
  }
}

function requeue(item: Item, notBefore: number): void {
  item.at = "queue";
  item.notBefore = notBefore;
}
