// The server's own checks: how each stands, what it measured, and how it stood over the last hour.
import type { Component, DetailedHealth, History } from "../core/answers.js";
import { useAnswer } from "../core/fetching.js";
import { duration, number, parseTime, percent, span, time, words } from "../core/format.js";
import { columnOf, HISTORY, HISTORY_EVERY_MS, knownFrom, timesOf } from "../core/history.js";
import type { Transition } from "../core/transitions.js";
import { HEALTH, healthStates, STATES_EVERY_MS } from "../core/watching.js";
import { Bands, Changes } from "../parts/bands.js";
import { Answered, Panel, Pill } from "../parts/basics.js";
import { Chart } from "../parts/chart.js";

const HOUR_MS = 3_600_000;
const COMMON = new Set(["status", "critical", "stale", "time", "age_ms", "response_time_ms"]);

/** A detail of a check in its own unit, which its name ends with. */
export function measured(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.length ? value.join(", ") : "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return value === null || value === undefined ? "–" : String(value);
  if (name.endsWith("_ms")) return duration(value);
  if (name.includes("percentage")) return percent(value);
  return number(value);
}

export function details(component: Component): string[] {
  return Object.entries(component)
    .filter(([name, value]) => !COMMON.has(name) && (typeof value !== "object" || Array.isArray(value)))
    .map(([name, value]) => `${words(name.replace(/_(ms|percentage)$/, ""))} ${measured(name, value)}`);
}

function Checks({ components }: Pick<DetailedHealth, "components">) {
  return (
    <table class="checks">
      <caption class="unseen">Checks</caption>
      <thead>
        <tr>
          <th scope="col">check</th>
          <th scope="col">state</th>
          <th scope="col">what it found</th>
          <th scope="col" class="number optional">
            took
          </th>
          <th scope="col" class="number">
            looked
          </th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(components).map(([name, component]) => (
          <tr key={name}>
            <th scope="row">
              {words(name)} {component.critical && <small>critical</small>}
            </th>
            <td>
              <Pill state={component.status} />
              {component.stale && <Pill state="stale" tone="warn" />}
            </td>
            <td class="details">{details(component).join(" · ")}</td>
            <td class="number optional">{duration(component.response_time_ms)}</td>
            <td class="number" title={time(parseTime(component.time))}>
              {span(component.age_ms / 1e3)} ago
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function transitionsOf(history: History | null): [Transition[], number] {
  if (!history?.events) return [healthStates.seen, healthStates.since];
  const told = history.events.filter(({ kind }) => kind === "health");
  return [told.map((event) => ({ ...event, at: parseTime(event.at) })), knownFrom(history)];
}

export function HealthView() {
  const told = useAnswer<DetailedHealth>(HEALTH, STATES_EVERY_MS);
  const { data: history } = useAnswer<History>(HISTORY, HISTORY_EVERY_MS);
  const times = history ? timesOf(history) : [];
  const [transitions, knownSince] = transitionsOf(history);
  const now = Date.now();
  return (
    <Answered told={told}>
      {({ status, components, uptime, version }) => (
        <div class="panels">
          <Panel
            title="Checks"
            note={
              <>
                <Pill state={status} /> version {version}, up {span(uptime)}
              </>
            }
            wide
          >
            <Checks components={components} />
          </Panel>
          <Panel title="The last hour" note={history?.events ? "" : "as far as this page has seen it"} wide>
            <Bands
              label="States of the checks over the last hour"
              present={new Map(Object.entries(components).map(([name, component]) => [name, component.status]))}
              transitions={transitions}
              begin={now - HOUR_MS}
              end={now}
              knownSince={knownSince}
            />
            <Changes transitions={transitions} none="No check changed its state." />
          </Panel>
          {history && (
            <>
              <Panel title="Connections that are healthy">
                <Chart
                  title="Part of the connections that are healthy"
                  times={times}
                  lines={[
                    {
                      label: "healthy",
                      values: columnOf(history, "health_percentage", times.length),
                      colour: "--green",
                      fill: true,
                    },
                  ]}
                  format={percent}
                  from={80}
                  to={100}
                  height={130}
                />
              </Panel>
              <Panel title="The process">
                <Chart
                  title="CPU and memory"
                  times={times}
                  lines={[
                    { label: "CPU", values: columnOf(history, "cpu_usage_percent", times.length), colour: "--blue" },
                    {
                      label: "memory",
                      values: columnOf(history, "memory_usage_percent", times.length),
                      colour: "--violet",
                    },
                  ]}
                  format={percent}
                  height={130}
                />
              </Panel>
            </>
          )}
        </div>
      )}
    </Answered>
  );
}
