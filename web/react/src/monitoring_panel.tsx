// The state of a server in three figures, from its own /monitoring routes. Asks again only after it was answered, shows
// what it has while it cannot ask, and says since when that is old.
import { type ReactNode, useEffect, useState } from "react";

export interface MonitoringPanelProps {
  /** The server's. Default: where the page comes from. */
  url?: string;
  intervalMs?: number;
  /** With every request, such as `Authorization`. */
  headers?: Record<string, string>;
}

interface Figures {
  healthy: number;
  total: number;
  healthPercentage: number;
  responseMs: number;
  requestsPerSecond: number;
  errorsPerMinute: number;
  errorsLastHour: number;
}

interface View {
  figures: Figures | null;
  trouble: string | null;
  at: Date | null;
}

const TIMEOUT_MS = 10_000;

async function figuresOf(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Figures> {
  const get = async (route: string) => {
    const answer = await fetch(`${url}/monitoring/${route}`, { headers, signal, cache: "no-store" });
    if (!answer.ok) throw new Error(`${route}: HTTP ${answer.status}`);
    return answer.json();
  };
  const [health, performance, errors] = await Promise.all(["connection-health", "performance", "errors"].map(get));
  return {
    healthy: health.overall_health.healthy_connections,
    total: health.overall_health.total_connections,
    healthPercentage: health.overall_health.health_percentage,
    responseMs: performance.system_performance.avg_response_time_ms,
    requestsPerSecond: performance.system_performance.requests_per_second,
    errorsPerMinute: errors.error_rate_per_minute,
    errorsLastHour: errors.total_errors_last_hour,
  };
}

export function MonitoringPanel({ url = "", intervalMs = 30_000, headers }: MonitoringPanelProps): ReactNode {
  const [{ figures, trouble, at }, setView] = useState<View>({ figures: null, trouble: null, at: null });
  const base = url.replace(/\/$/, "");
  const sent = JSON.stringify(headers ?? {});

  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      const late = new AbortController();
      const timeout = setTimeout(() => late.abort(new Error("no answer")), TIMEOUT_MS);
      gone.signal.addEventListener("abort", () => late.abort());
      try {
        const figures = await figuresOf(base, JSON.parse(sent), late.signal);
        if (!gone.signal.aborted) setView({ figures, trouble: null, at: new Date() });
      } catch (error) {
        const trouble = error instanceof Error ? error.message : `${error}`;
        if (!gone.signal.aborted) setView((view) => ({ ...view, trouble }));
      }
      clearTimeout(timeout);
      if (!gone.signal.aborted) timer = setTimeout(look, intervalMs);
    };
    look();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [base, intervalMs, sent]);

  return (
    <section className="monitoring-panel" aria-label="System monitoring">
      <h3>System monitoring</h3>
      <p role="status">{statusOf(figures, trouble, at)}</p>
      {figures && (
        <dl className="metrics-grid">
          <Metric
            name="Connection health"
            value={`${figures.healthPercentage.toFixed(1)} %`}
            details={`${figures.healthy} / ${figures.total} healthy`}
          />
          <Metric
            name="Response time"
            value={`${figures.responseMs.toFixed(1)} ms`}
            details={`${figures.requestsPerSecond.toFixed(1)} requests/s`}
          />
          <Metric
            name="Error rate"
            value={`${figures.errorsPerMinute.toFixed(2)} /min`}
            details={`${figures.errorsLastHour} errors in the last hour`}
          />
        </dl>
      )}
    </section>
  );
}

function statusOf(figures: Figures | null, trouble: string | null, at: Date | null): string {
  if (!trouble) return figures ? "" : "Loading…";
  return at
    ? `Not up to date: these figures are from ${at.toLocaleTimeString()} (${trouble}).`
    : `No data (${trouble}).`;
}

function Metric({ name, value, details }: { name: string; value: string; details: string }): ReactNode {
  return (
    <div className="metric-card">
      <dt>{name}</dt>
      <dd className="metric-value">{value}</dd>
      <dd className="metric-details">{details}</dd>
    </div>
  );
}
