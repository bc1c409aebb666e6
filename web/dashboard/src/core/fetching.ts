// Asking the server: one question with a time limit, and questions that are asked again while somebody looks.
import { useEffect } from "preact/hooks";
import { Cell, useCell } from "./cell.js";

const PATIENCE_MS = 8_000;

/** An answer other than 2xx, in the server's words; `status` 0 where there was none. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

// The server's errors are {"error": {"message": …}}; those of the alerts' API are a JSON text.
function wordsOf(text: string, status: number): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "string") return body;
    const message = (body as { error?: { message?: unknown } } | null)?.error?.message;
    if (typeof message === "string") return message;
  } catch {
    // No JSON: a proxy's page.
  }
  return `The server answered ${status}.`;
}

export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      cache: "no-store",
      credentials: "same-origin",
      headers: { Accept: "application/json", ...init.headers },
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...init,
    });
    text = await response.text();
  } catch (error) {
    throw new Refused(
      0,
      (error as Error).name === "TimeoutError" ? "No answer in time." : "The server is not reached.",
    );
  }
  // Health answers 503 with the same body, which is what is wanted.
  if (!response.ok && !(response.status === 503 && path.startsWith("/health"))) {
    throw new Refused(response.status, wordsOf(text, response.status));
  }
  return (text ? JSON.parse(text) : null) as T;
}

export interface Told<T> {
  /** Null before the first answer; the last good one while later ones fail. */
  data: T | null;
  error: Refused | null;
  /** Of the data; milliseconds since 1970. */
  at: number;
}

const NOTHING: Told<never> = { data: null, error: null, at: 0 };

/** Asks again, `everyMs` after each answer, while it is watched and the page is seen. Never two questions at once. */
class Question {
  readonly told = new Cell<Told<unknown>>(NOTHING);
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _watchers = 0;
  private _asking = false;

  constructor(
    private readonly _path: string,
    private readonly _everyMs: number,
  ) {}

  begin(): () => void {
    if (++this._watchers === 1) {
      document.addEventListener("visibilitychange", this._seen);
      this._next();
    }
    return () => {
      if (--this._watchers > 0) return;
      document.removeEventListener("visibilitychange", this._seen);
      clearTimeout(this._timer);
    };
  }

  refresh(): void {
    clearTimeout(this._timer);
    if (this._watchers) void this._now();
  }

  private readonly _seen = () => this._next();

  private _next(): void {
    clearTimeout(this._timer);
    if (document.hidden || !this._watchers) return;
    const due = this.told.value.at + this._everyMs - Date.now();
    this._timer = setTimeout(() => void this._now(), Math.max(0, Math.min(due, this._everyMs)));
  }

  private async _now(): Promise<void> {
    if (this._asking) return;
    this._asking = true;
    try {
      this.told.set({ data: await ask(this._path), error: null, at: Date.now() });
    } catch (error) {
      if (!(error instanceof Refused)) console.error(error);
      const refused = error instanceof Refused ? error : new Refused(0, "The answer is not understood.");
      this.told.set({ ...this.told.value, error: refused });
    }
    this._asking = false;
    clearTimeout(this._timer);
    if (this._watchers && !document.hidden) this._timer = setTimeout(() => void this._now(), this._everyMs);
  }
}

const questions = new Map<string, Question>();
const QUESTIONS_MAX = 40; // pages of connections and black boxes that were looked at

function question(path: string, everyMs: number): Question {
  let found = questions.get(path);
  if (!found) {
    found = new Question(path, everyMs);
    if (questions.size >= QUESTIONS_MAX) {
      const idle = [...questions].find(([, { told }]) => !told.isWatched);
      if (idle) questions.delete(idle[0]);
    }
    questions.set(path, found);
  }
  return found;
}

/** The answer to GET `path`, asked anew while the component is there. One path is asked once, whoever shares it. */
export function useAnswer<T>(path: string, everyMs: number): Told<T> {
  const asked = question(path, everyMs);
  useEffect(() => asked.begin(), [asked]);
  return useCell(asked.told as Cell<Told<T>>);
}

/** The same for modules that draw nothing. The result ends it. */
export function watchAnswer<T>(path: string, everyMs: number, told: (answer: T) => void): () => void {
  const asked = question(path, everyMs);
  const unwatch = asked.told.watch(() => {
    const { data, error } = asked.told.value;
    if (data !== null && !error) told(data as T);
  });
  const end = asked.begin();
  return () => {
    unwatch();
    end();
  };
}

/** After a change by this page: what is shown is asked for at once. */
export function refresh(path: string): void {
  questions.get(path)?.refresh();
}
