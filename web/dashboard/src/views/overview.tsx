// The state in one glance: a sentence, then each figure with its threshold and its last hour.
import type { ComponentChildren } from "preact";
import type { Alerts, DetailedHealth, History, LiveEvent, Rule } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { useAnswer } from "../core/fetching.js";
import { count, duration, number, percent } from "../core/format.js";
import { columnOf, HISTORY, HISTORY_EVERY_MS, timesOf } from "../core/history.js";
import { live } from "../core/live.js";
import { formatRoute } from "../core/route.js";
import { rulesOf, thresholdOf } from "../core/thresholds.js";
import { ALERTS, HEALTH, STATES_EVERY_MS } from "../core/watching.js";
import { AlertList } from "../parts/alert_list.js";
import { Answered, Empty, Pill, type Tone } from "../parts/basics.js";
import { Chart, type Limit, type Line } from "../parts/chart.js";

/** What an operator is told first. */
export function sentence(health: DetailedHealth | null, event: LiveEvent | null, firing: number): [Tone, string] {
  if (!event || !health) return ["idle", "Waiting for the first figures."];
  const ailing = Object.entries(health.components).filter(([, { status }]) => status !== "healthy");
  const parts = [
    ailing.length
      ? `${ailing.map(([name, { status }]) => `${name} is ${status}`).join(", ")}`
      : "All components healthy",
    event.health.total_connections === 0
      ? "nobody is connected"
      : `${count(event.health.healthy_connections)} of ${count(event.health.total_connections)} connections healthy`,
    `${percent(event.deliveries.success_rate)} delivered`,
    firing === 0 ? "no alert fires" : firing === 1 ? "one alert fires" : `${firing} alerts fire`,
  ];
  const tone: Tone =
    health.status === "unhealthy" ? "bad" : firing > 0 ? "bad" : health.status === "degraded" ? "warn" : "ok";
  return [tone, `${parts.join(" · ")}.`];
}

interface TileProps {
  title: string;
  href: string;
  value: string;
  note: string;
  tone?: Tone;
  children?: ComponentChildren;
}

function Tile({ title, href, value, note, tone = "idle", children }: TileProps) {
  return (
    <section class={`tile ${tone}`}>
      <h2>
        <a href={href}>{title}</a>
      </h2>
      <p class="value">
        <b>{value}</b> <small>{note}</small>
      </p>
      {children}
    </section>
  );
}

interface HourProps {
  history: History | null;
  title: string;
  lines: readonly [label: string, series: string, colour: string, fill?: boolean][];
  limits?: readonly Limit[];
  format: (value: number | null) => string;
  from?: number;
  to?: number;
  logarithmic?: boolean;
}

function Hour({ history, lines, ...rest }: HourProps) {
  if (!history) return null;
  const times = timesOf(history);
  const drawn = lines.map(
    ([label, series, colour, fill]): Line => ({
      label,
      values: columnOf(history, series, times.length),
      colour,
      fill: fill ?? false,
    }),
  );
  return <Chart {...rest} times={times} lines={drawn} height={104} />;
}

const limitOf = (rules: readonly Rule[], metric: string, scale: number, label: string): Limit[] => {
  const found = thresholdOf(rules, metric);
  return found ? [{ label, value: found.value * scale, colour: "--bad" }] : [];
};

const below = (value: number | undefined, limits: readonly Limit[]): Tone =>
  value === undefined ? "idle" : limits[0] && value < limits[0].value ? "bad" : "ok";
const above = (value: number | undefined, limits: readonly Limit[]): Tone =>
  value === undefined ? "idle" : limits[0] && value > limits[0].value ? "bad" : "ok";

export function OverviewView() {
  const event = useCell(live);
  const health = useAnswer<DetailedHealth>(HEALTH, STATES_EVERY_MS).data;
  const told = useAnswer<Alerts>(ALERTS, STATES_EVERY_MS);
  const alerts = told.data;
  const hour = useAnswer<History>(HISTORY, HISTORY_EVERY_MS);
  const history = hour.data;
  const rules = rulesOf(alerts);
  const firing = alerts?.alerts.filter(({ state }) => state === "firing").length ?? 0;
  const pending = (alerts?.alerts.length ?? 0) - firing;
  const [tone, said] = sentence(health, event, firing);

  const healthLimits = limitOf(rules, "mythos_connection_health_percentage", 1, "alert below");
  const latencyLimits = limitOf(rules, "mythos_message_delivery_seconds", 1e3, "alert above (p95)");
  const errorLimits = limitOf(rules, "mythos_errors_total", 60, "alert above");
  const memoryLimits = limitOf(rules, "mythos_memory_usage_percent", 1, "alert above");
  return (
    <>
      <p class={`sentence ${tone}`} data-live>
        {said}
      </p>
      {hour.error && <Answered told={{ ...hour, data: null }}>{() => null}</Answered>}
      <div class="tiles">
        <Tile
          title="Connection health"
          href={formatRoute("health")}
          value={percent(event?.health.health_percentage)}
          note={event ? `${count(event.health.unhealthy_connections)} unhealthy` : ""}
          tone={below(event?.health.health_percentage, healthLimits)}
        >
          <Hour
            history={history}
            title="Connection health"
            lines={[["healthy", "health_percentage", "--green", true]]}
            limits={healthLimits}
            format={percent}
            from={80}
            to={100}
          />
        </Tile>
        <Tile
          title="Connections"
          href={formatRoute("connections")}
          value={count(event?.health.total_connections)}
          note={
            event
              ? `${count(event.connections.sessions)} sessions, ${count(event.connections.dual_connection_players)} on both wires`
              : ""
          }
          tone={event ? "ok" : "idle"}
        >
          <Hour
            history={history}
            title="Connections by wire"
            lines={[
              ["websocket", "websocket", "--blue"],
              ["sse", "sse", "--orange"],
              ["on both", "dual_connection_players", "--violet"],
            ]}
            format={count}
          />
        </Tile>
        <Tile
          title="Delivered"
          href={formatRoute("delivery")}
          value={percent(event?.deliveries.success_rate)}
          note={event ? `${number(event.deliveries.per_second)} a second` : ""}
          tone={
            event
              ? event.deliveries.success_rate < 99
                ? "bad"
                : event.deliveries.success_rate < 99.9
                  ? "warn"
                  : "ok"
              : "idle"
          }
        >
          <Hour
            history={history}
            title="Deliveries a second"
            lines={[["deliveries a second", "deliveries_per_second", "--blue", true]]}
            format={number}
          />
        </Tile>
        <Tile
          title="Append to socket"
          href={formatRoute("delivery")}
          value={duration(event?.deliveries.p95_ms)}
          note={event ? `p95; p50 ${duration(event.deliveries.p50_ms)}, p99 ${duration(event.deliveries.p99_ms)}` : ""}
          tone={above(event?.deliveries.p95_ms, latencyLimits)}
        >
          <Hour
            history={history}
            title="Time from append to socket"
            lines={[
              ["p50", "p50_ms", "--shade-1"],
              ["p95", "p95_ms", "--shade-2"],
              ["p99", "p99_ms", "--shade-3"],
            ]}
            limits={latencyLimits}
            format={duration}
            {...(latencyLimits[0] && { to: latencyLimits[0].value })}
            logarithmic
          />
        </Tile>
        <Tile
          title="Errors"
          href={formatRoute("errors")}
          value={count(event?.errors.total_errors_last_minute)}
          note={event ? `in the last minute, ${count(event.errors.total_errors_last_hour)} in the last hour` : ""}
          tone={above(event?.errors.total_errors_last_minute, errorLimits) === "bad" ? "warn" : event ? "ok" : "idle"}
        >
          <Hour
            history={history}
            title="Errors a minute"
            lines={[["errors a minute", "errors_per_minute", "--red", true]]}
            limits={errorLimits}
            format={number}
          />
        </Tile>
        <Tile
          title="The process"
          href={formatRoute("health")}
          value={percent(event?.cpu_usage_percent)}
          note={
            event
              ? `CPU; memory ${percent(event.memory_usage_percent)}, ${count(event.slow_consumers)} slow readers`
              : ""
          }
          tone={above(event?.memory_usage_percent, memoryLimits)}
        >
          <Hour
            history={history}
            title="CPU and memory of the process"
            lines={[
              ["CPU", "cpu_usage_percent", "--blue"],
              ["memory", "memory_usage_percent", "--violet"],
            ]}
            format={percent}
          />
        </Tile>
      </div>
      <section class="panel wide">
        <header>
          <h2>
            <a href={formatRoute("alerts")}>Alerts</a>
          </h2>
          <p>
            {alerts?.enabled && (
              <>
                {firing > 0 && <Pill state={`${firing} firing`} tone="bad" />}{" "}
                {pending > 0 && <Pill state={`${pending} pending`} tone="warn" />}
              </>
            )}
          </p>
        </header>
        <Answered told={told}>
          {({ enabled, alerts: raised }) =>
            enabled ? <AlertList alerts={raised} /> : <Empty>This server evaluates no alert rules.</Empty>
          }
        </Answered>
      </section>
    </>
  );
}
