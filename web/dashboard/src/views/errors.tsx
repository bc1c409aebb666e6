// What goes wrong, grouped by fingerprint: how often, since when, whether it grows, and the last occurrences as the
// server told them to its log.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Column, ErrorGroup, Errors, History, RecentError } from "../core/answers.js";
import { useAnswer } from "../core/fetching.js";
import { count, number, span, time } from "../core/format.js";
import { columnOf, countByStep, HISTORY, HISTORY_EVERY_MS, summed, timesOf } from "../core/history.js";
import { formatRoute } from "../core/route.js";
import { Answered, Empty, Figure, Panel, Pill } from "../parts/basics.js";
import { Chart } from "../parts/chart.js";
import { Spark } from "../parts/spark.js";

const RECENT = 500;
const TREND_STEPS = 60; // minutes
const SHOWN = 20;

/** The line that the log has of it, without what every line has. */
export function logLine({ timestamp, type, severity, message, error_code, details, ...names }: RecentError): string {
  const known = Object.fromEntries(
    Object.entries(names).filter(([name, value]) => value !== null && name !== "fingerprint"),
  );
  return JSON.stringify({
    timestamp: new Date(timestamp * 1e3).toISOString(),
    error_type: type,
    severity,
    error_code,
    ...known,
    ...details,
    error: message,
  });
}

function Occurrence({ error }: { error: RecentError }) {
  const { timestamp, message, player_id, connection_id } = error;
  return (
    <li>
      <p>
        <time>{time(timestamp * 1e3)}</time> {message}{" "}
        {connection_id ? (
          <a href={formatRoute("connections", connection_id)}>black box of {player_id ?? connection_id}</a>
        ) : (
          player_id && <span class="muted">player {player_id}</span>
        )}
      </p>
      <code class="line">{logLine(error)}</code>
    </li>
  );
}

// The server's steps of ten seconds, as an hour of minutes.
function minutes(told: Column): number[] {
  const sums = summed(told, 6);
  return [...new Array<number>(Math.max(0, TREND_STEPS - sums.length)).fill(0), ...sums].slice(-TREND_STEPS);
}

interface GroupProps {
  group: ErrorGroup;
  recent: readonly RecentError[];
  /** Of each step of the last hour, if the server tells it. */
  told: Column | undefined;
  now: number;
}

function Group({ group, recent, told, now }: GroupProps) {
  const [open, setOpen] = useState(false);
  const own = recent.filter(({ fingerprint }) => fingerprint === group.fingerprint);
  const seen = own.map(({ timestamp }) => timestamp);
  const trend = told ? minutes(told) : countByStep(seen, now - 3_600, now, TREND_STEPS);
  const id = `occurrences ${group.fingerprint}`.replace(/[^\w-]/g, "-");
  return (
    <Fragment>
      <tr>
        <th scope="row">
          <button
            type="button"
            class="more"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            onClick={() => setOpen(!open)}
          >
            <span aria-hidden="true">{open ? "▾" : "▸"}</span> {group.fingerprint}
          </button>
        </th>
        <td class="optional">
          <Pill state={group.severity} />
        </td>
        <td class="number">{count(group.count)}</td>
        <td>
          <Spark values={trend} label={`${group.fingerprint} by minute, the last hour`} />
        </td>
        <td class="number">{span(now - group.last)} ago</td>
        <td class="number optional">{time(group.first * 1e3)}</td>
      </tr>
      {open && (
        <tr id={id} class="opened">
          <td colSpan={6}>
            {own.length === 0 ? (
              <Empty>The server does not keep its occurrences any more.</Empty>
            ) : (
              <ol class="occurrences">
                {own.slice(0, SHOWN).map((error, i) => (
                  <Occurrence key={`${error.timestamp} ${i}`} error={error} />
                ))}
              </ol>
            )}
            <p class="note">
              More of it:{" "}
              <code>
                mythos logs --error-type {group.type} --where error_code={group.error_code}
              </code>
            </p>
          </td>
        </tr>
      )}
    </Fragment>
  );
}

export function ErrorsView() {
  const told = useAnswer<Errors>(`/monitoring/errors?limit=${RECENT}`, 3_000);
  const { data: history } = useAnswer<History>(HISTORY, HISTORY_EVERY_MS);
  const times = history ? timesOf(history) : [];
  const now = told.at / 1e3;
  return (
    <Answered told={told}>
      {(errors) => (
        <div class="panels">
          <Panel title="How many" wide>
            <dl class="figures">
              {["1m", "5m", "1h", "24h"].map((window) => (
                <Figure
                  key={window}
                  name={`last ${window}`}
                  value={count(errors.windows[window]?.total_errors)}
                  note={`${number(errors.windows[window]?.error_rate_per_minute)} a minute`}
                />
              ))}
              <Figure name="since the start" value={count(errors.lifetime_total_errors)} />
            </dl>
            {history && (
              <Chart
                title="Errors a minute"
                times={times}
                lines={[
                  {
                    label: "errors a minute",
                    values: columnOf(history, "errors_per_minute", times.length),
                    colour: "--red",
                    fill: true,
                  },
                ]}
                format={number}
                height={130}
              />
            )}
          </Panel>
          <Panel title="By fingerprint" note="trend by minute of the last hour" wide>
            {errors.fingerprints.length === 0 ? (
              <Empty>No error since the start.</Empty>
            ) : (
              <table class="groups">
                <caption class="unseen">Errors by fingerprint</caption>
                <thead>
                  <tr>
                    <th scope="col">fingerprint</th>
                    <th scope="col" class="optional">
                      severity
                    </th>
                    <th scope="col" class="number">
                      count
                    </th>
                    <th scope="col">trend</th>
                    <th scope="col" class="number">
                      last
                    </th>
                    <th scope="col" class="number optional">
                      first
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {[...errors.fingerprints]
                    .sort((a, b) => b.last - a.last)
                    .map((group) => (
                      <Group
                        key={group.fingerprint}
                        group={group}
                        recent={errors.recent_errors}
                        told={history?.errors?.[group.fingerprint]}
                        now={now}
                      />
                    ))}
                </tbody>
              </table>
            )}
            {errors.ungrouped_errors > 0 && (
              <p class="note">{count(errors.ungrouped_errors)} more are of kinds beyond the 256 that are told apart.</p>
            )}
          </Panel>
        </div>
      )}
    </Answered>
  );
}
