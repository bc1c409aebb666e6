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

export type CommandBook = ReturnType<typeof createCommandBook>;

export function createCommandBook(config: CoreConfig, tell: (output: Output) => void) {
  // In the order of their numbers, as they were added.
  const items = new Map<number, Item>();
  const posts = new Map<number, Post>();
  let next = config.firstCommand;

  const backoffOf = (failures: number) => backoff(config.random, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, failures);
  const requeue = (item: Item, notBefore = -Infinity) => {
    item.at = "queue";
    item.notBefore = notBefore;
  };
  const carry = (item: Item, at: Item["at"], carrier: number) => {
    item.at = at;
    item.carrier = carrier;
    ++item.sends;
  };
  const unknown = ({ number }: Item, reason: string) => {
    items.delete(number);
    tell({ kind: "outcome_unknown", commandId: `c-${number}`, reason });
  };
  const end = ({ number }: Item, ok: boolean, data: unknown, errorCode: string | null, errorMessage: string) => {
    items.delete(number);
    tell({ kind: "reply", commandId: `c-${number}`, ok, data, errorCode, errorMessage });
  };
  // A refusal of the client's own: the command was certainly not executed.
  const refuse = (item: Item, code: string) => end(item, false, null, code, code);
  const inPost = (numbers: number[], postId: number): Item[] =>
    [...items.values()].filter(
      (item) => item.at === "post" && item.carrier === postId && numbers.includes(item.number),
    );

  // What waits, of the numbers that may be out at a time: the server then remembers every unanswered one.
  const waiting = (): Item[] => {
    const found: Item[] = [];
    let end: number | undefined;
    for (const item of items.values()) {
      end ??= item.number + config.commandWindow;
      if (item.number >= end) break;
      if (item.at === "queue") found.push(item);
    }
    return found;
  };

  const reply = (now: number, { command_id, ok, data = null, error }: ReplyMessage) => {
    const [, digits] = /^c-(\d+)$/.exec(`${command_id}`) ?? [];
    const item = items.get(Number(digits));
    const { code = null, message = "", retryable } = error ?? {};
    if (!item) return;
    if (!ok && retryable === true && item.retries < config.commandRetriesMax) {
      // Refused before execution. Only with no other copy on its way is that the whole story.
      if (item.sends === 1) item.sends = 0;
      requeue(item, now + backoffOf(++item.retries));
    } else if (code === "stale_id" && item.sends > 1) {
      // The server has forgotten the number: an earlier copy may have been executed.
      unknown(item, code);
    } else {
      end(item, ok, data, code, message);
    }
  };

  // What the post still carries was not answered by it.
  const postFailed = (now: number, numbers: number[], postId: number, retryAfterMs?: number) => {
    for (const item of inPost(numbers, postId)) {
      ++item.postFailures;
      requeue(item, now + (retryAfterMs ?? backoffOf(item.postFailures)));
    }
  };

  // The request itself was at fault. One of several: each is tried by itself.
  const postRefused = (numbers: number[], postId: number, code: string) => {
    for (const item of inPost(numbers, postId)) {
      --item.sends;
      if (numbers.length > 1) {
        item.alone = true;
        requeue(item);
      } else {
        (item.sends ? unknown : refuse)(item, code);
      }
    }
  };

  const abandon = (reason: string, unsentToo: boolean) => {
    posts.clear();
    for (const item of items.values()) {
      if (item.sends) unknown(item, reason);
      else if (unsentToo) refuse(item, reason);
    }
  };

  const post = (now: number, sessionId: string, postId: number, batch: Item[]) => {
    for (const item of batch) carry(item, "post", postId);
    const body = `[${batch.map(({ text }) => text)}]`;
    tell({ kind: "post", postId, sessionId, clientId: config.clientId, body });
    posts.set(postId, { deadline: now + POST_TIMEOUT_MS, numbers: batch.map(({ number }) => number) });
  };

  return {
    reply,
    /** Ends every command that was sent as unknown; with `unsentToo`, the others as refused. */
    abandon,
    size: () => items.size,
    next: () => next,

    /** Queues a command, whose `data` is JSON text or empty. */
    add(type: string, data: string): { id: string } | { error: "bad_command" | "too_many_commands" } {
      if (!type || type === "ack" || type === "promote" || (data && !isJson(data))) return { error: "bad_command" };
      if (items.size >= config.commandsQueuedMax) return { error: "too_many_commands" };
      const number = next++;
      const id = `c-${number}`;
      const text = `{"id":"${id}","type":${JSON.stringify(type)}${data && `,"data":${data}`}}`;
      const fresh = { carrier: 0, sends: 0, retries: 0, postFailures: 0, alone: false, notBefore: -Infinity };
      items.set(number, { number, text, at: "queue", ...fresh });
      return { id };
    },

    /** Sends what is due by `route`. */
    flush(now: number, route: Route, sessionId: string, ids: PostIds) {
      if (!route) return;
      const { attempt } = route;
      let batch: Item[] = [];
      const send = () => {
        if (batch.length) post(now, sessionId, ids.next++, batch);
        batch = [];
      };
      for (const item of waiting()) {
        const { text, alone } = item;
        if (item.notBefore > now) continue;
        if (attempt !== null) {
          carry(item, "websocket", attempt);
          tell({ kind: "send", attempt, text });
          continue;
        }
        const size = batch.reduce((sum, each) => sum + each.text.length, text.length);
        if (alone || batch.length >= config.postCommandsMax || size > POST_CHARACTERS_MAX) send();
        batch.push(item);
        if (alone) send();
      }
      send();
    },

    /** The WebSocket of `attempt` died or is in doubt: what it carried goes again. */
    carrierLost(attempt: number) {
      for (const item of items.values()) if (item.at === "websocket" && item.carrier === attempt) requeue(item);
    },

    postAnswered(now: number, postId: number, status: number, body: string, retryAfterMs?: number): PostVerdict {
      const { numbers } = posts.get(postId) ?? { numbers: [] };
      posts.delete(postId);
      if (status === 401) {
        postFailed(now, numbers, postId, 0);
        return "unauthorised";
      }
      if (status === 409 || status === 410) {
        const reason = status === 409 ? "session_replaced" : "session_expired";
        // Nothing in this post was executed; what had only been sent by it has a known outcome.
        for (const item of inPost(numbers, postId)) if (item.sends < 2) refuse(item, reason);
        abandon(reason, false);
        return reason;
      }
      if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
        postRefused(numbers, postId, `http_${status}`);
      } else {
        if (status >= 200 && status < 300) for (const each of parseReplies(body)) reply(now, each);
        postFailed(now, numbers, postId, retryAfterMs);
      }
      return "fine";
    },

    /** Posts that were never answered. */
    tick(now: number) {
      for (const [postId, { deadline, numbers }] of posts) {
        if (deadline > now) continue;
        posts.delete(postId);
        postFailed(now, numbers, postId);
      }
    },

    deadline: (route: Route) =>
      earliest(
        ...[...posts.values()].map(({ deadline }) => deadline),
        ...(route ? waiting().map(({ notBefore }) => notBefore) : []),
      ),
  };
}
