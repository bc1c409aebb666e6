// A client that goes on after a page reload: who it was and how far it had come are kept in `sessionStorage`.
//
// They are written when the page goes and taken away while it lives, so that a duplicated tab, which gets a copy of the
// storage, does not take itself for the original and displace it.
import { Client, type ClientOptions } from "./index.js";

export interface Resume {
  clientId: string;
  sessionId: string;
  cursor: string | null;
  /** Above every number used under this clientId. */
  firstNumber: number;
}

/** The client that this page had before it was reloaded, gone on; or a new one. */
export function resumedClient(
  url: string,
  player: string,
  options: ClientOptions = {},
  storage = sessionStorage,
): Client {
  const key = `mythos ${url} ${player}`;
  const { cursor, ...saved } = take(storage, key);
  // A clock that was set back must not lead below the numbers that are used up.
  const firstNumber = Math.max(Date.now(), saved.firstNumber ?? 0);
  const client = new Client(url, player, { ...options, ...saved, ...(cursor && { cursor }), firstNumber });
  const hidden = () => {
    const { clientId, sessionId, cursor, nextNumber } = client;
    if (sessionId) leave(storage, key, { clientId, sessionId, cursor, firstNumber: nextNumber });
  };
  addEventListener("pagehide", hidden);
  addEventListener("pageshow", () => take(storage, key));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hidden();
    else take(storage, key);
  });
  return client;
}

export function take(storage: Storage, key: string): Partial<Resume> {
  try {
    const saved = JSON.parse(storage.getItem(key) ?? "{}");
    storage.removeItem(key);
    return saved;
  } catch {
    return {}; // forbidden, or not ours
  }
}

export function leave(storage: Storage, key: string, resume: Resume): void {
  try {
    storage.setItem(key, JSON.stringify(resume));
  } catch {
    // Full or forbidden: the next page begins anew.
  }
}
