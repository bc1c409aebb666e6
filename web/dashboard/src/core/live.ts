// The figures of this second: from the server's event stream, or asked for every few seconds where no stream comes
// through. Says how fresh they are. While the page is hidden nothing is read.
import type { Errors, LiveEvent, Performance } from "./answers.js";
import { Cell } from "./cell.js";
import { ask } from "./fetching.js";

export interface Link {
  /** `connecting` before anything came; `live` and `polling` bring figures; `cut`: what is shown is of the past. */
  state: "connecting" | "live" | "polling" | "cut";
  /** When it became so; milliseconds since 1970. */
  since: number;
}

export const SILENCE_MS = 4_000; // the stream has an event a second
export const POLL_MS = 5_000;
const STREAM_AGAIN_MS = 15_000;

export const live = new Cell<LiveEvent | null>(null);
/** When the last figures came; milliseconds since 1970, 0 for never. */
export const lastAt = new Cell(0);
export const link = new Cell<Link>({ state: "connecting", since: Date.now() });

function become(state: Link["state"]): void {
  if (link.value.state !== state) link.set({ state, since: Date.now() });
}

function came(event: LiveEvent, by: "live" | "polling"): void {
  live.set(event);
  lastAt.set(Date.now());
  become(by);
}

type Age = Pick<LiveEvent, "health" | "connections">;

/** The stream's event, put together from what can be asked. */
export async function poll(): Promise<LiveEvent> {
  const [health, dual, performance, errors] = await Promise.all([
    ask<{ timestamp: string; overall_health: Age["health"] }>("/monitoring/connection-health?window=1m"),
    ask<{
      sessions: number;
      connections: { websocket: number; sse: number };
      connection_distribution: Omit<Age["connections"], "websocket" | "sse" | "sessions">;
    }>("/monitoring/dual-connections"),
    ask<Performance>("/monitoring/performance?window=1m"),
    ask<Errors>("/monitoring/errors?limit=1"),
  ]);
  const { message_delivery: delivery, system_performance: system } = performance;
  return {
    timestamp: health.timestamp,
    health: health.overall_health,
    connections: { ...dual.connection_distribution, ...dual.connections, sessions: dual.sessions },
    deliveries: {
      per_second: delivery.deliveries_per_second,
      success_rate: delivery.delivery_success_rate,
      p50_ms: delivery.p50_delivery_time_ms,
      p95_ms: delivery.p95_delivery_time_ms,
      p99_ms: delivery.p99_delivery_time_ms,
    },
    errors: {
      total_errors_last_minute: errors.windows["1m"]?.total_errors ?? 0,
      total_errors_last_hour: errors.total_errors_last_hour,
    },
    requests_per_second: system.requests_per_second,
    memory_usage_percent: system.memory_usage_percent,
    cpu_usage_percent: system.cpu_usage_percent,
  };
}

class Feed {
  private _source: EventSource | null = null;
  private _watchdog: ReturnType<typeof setTimeout> | undefined;
  private _poll: ReturnType<typeof setTimeout> | undefined;
  private _again: ReturnType<typeof setTimeout> | undefined;
  private _run = 0; // answers to what an earlier run asked count no more

  begin(): void {
    this.end();
    ++this._run;
    this._open();
  }

  end(): void {
    ++this._run;
    this._source?.close();
    this._source = null;
    for (const timer of [this._watchdog, this._poll, this._again]) clearTimeout(timer);
  }

  private _open(): void {
    this._source?.close();
    const source = new EventSource("/monitoring/stream");
    this._source = source;
    source.onmessage = ({ data }: MessageEvent<string>) => {
      this._poll = clearTimeout(this._poll) as undefined;
      this._expect();
      came(JSON.parse(data) as LiveEvent, "live");
    };
    source.onerror = () => this._fallBack();
    this._expect();
  }

  private _expect(): void {
    clearTimeout(this._watchdog);
    this._watchdog = setTimeout(() => this._fallBack(), SILENCE_MS);
  }

  private _fallBack(): void {
    clearTimeout(this._watchdog);
    this._source?.close();
    clearTimeout(this._again);
    this._again = setTimeout(() => this._open(), STREAM_AGAIN_MS);
    if (this._poll === undefined) void this._ask(this._run);
  }

  private async _ask(run: number): Promise<void> {
    this._poll = setTimeout(() => {}); // there is one under way
    let event: LiveEvent | null = null;
    try {
      event = await poll();
    } catch {
      // Told by `cut`, and asked again.
    }
    if (run !== this._run || this._poll === undefined) return;
    const wasCut = link.value.state === "cut";
    if (event) came(event, "polling");
    else become("cut");
    if (event && wasCut) {
      clearTimeout(this._again);
      this._again = setTimeout(() => this._open()); // it is back: so may the stream be
    }
    this._poll = setTimeout(() => void this._ask(run), event ? POLL_MS : POLL_MS / 2);
  }
}

const feed = new Feed();

export function followServer(): void {
  const seen = () => (document.hidden ? feed.end() : feed.begin());
  document.addEventListener("visibilitychange", seen);
  addEventListener("online", seen);
  addEventListener("offline", () => become("cut"));
  seen();
}
