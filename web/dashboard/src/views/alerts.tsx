// Alerts: what is pending or firing, the last hour of each rule, the rules in force, and silences.
import { useState } from "preact/hooks";
import type { Alerts, History, Rule } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { useAnswer } from "../core/fetching.js";
import { number, parseTime, span } from "../core/format.js";
import { HISTORY, HISTORY_EVERY_MS, knownFrom } from "../core/history.js";
import { formatRoute, route } from "../core/route.js";
import { rulesOf } from "../core/thresholds.js";
import type { Transition } from "../core/transitions.js";
import { ALERTS, alertStates, STATES_EVERY_MS, statesOf } from "../core/watching.js";
import { AlertList } from "../parts/alert_list.js";
import { Bands, Changes } from "../parts/bands.js";
import { Answered, Empty, Panel, Pill, Scroll } from "../parts/basics.js";
import { Silences } from "../parts/silences.js";

const HOUR_MS = 3_600_000;

/** What the present alerts say of their own past, where nobody has told their transitions. */
export function pastOf({ alerts }: Alerts): Transition[] {
  return alerts.flatMap(({ alertname: name, active_at, fired_at, state }) => {
    const active = { at: parseTime(active_at), name, from: "inactive", to: "pending" };
    if (fired_at === null) return [{ ...active, to: state }];
    return [active, { at: parseTime(fired_at), name, from: "pending", to: "firing" }];
  });
}

/** Told by the server, or seen by the page; what both know is there once. */
export function allTransitions(alerts: Alerts, history: History | null): [Transition[], number] {
  const told = (history?.events ?? []).filter(({ kind }) => kind === "alert");
  if (history?.events) return [told.map((event) => ({ ...event, at: parseTime(event.at) })), knownFrom(history)];
  const past = pastOf(alerts);
  const seen = alertStates.seen.filter(({ name, to }) => !past.some((each) => each.name === name && each.to === to));
  return [[...past, ...seen], alertStates.since];
}

function RuleRows({ rules }: { rules: readonly Rule[] }) {
  return rules
    .filter(({ type }) => type === "alerting")
    .map(({ name, state = "inactive", query, health, error, for_s, keep_firing_for_s }) => (
      <tr key={name}>
        <th scope="row">
          <a href={formatRoute("alerts", "", { silence: name })} title="Silence it">
            {name}
          </a>
        </th>
        <td>
          <Pill state={health === "err" ? "err" : state} />
        </td>
        <td>
          <code class="query">{query}</code>
          {error && <p class="failed">{error}</p>}
        </td>
        <td class="number optional">
          {span(for_s)}
          <small> keeps {span(keep_firing_for_s)}</small>
        </td>
      </tr>
    ));
}

function Rules({ alerts }: { alerts: Alerts }) {
  const { groups = [], interval_s, age_ms } = alerts;
  return (
    <>
      <p class="note">
        Evaluated every {number(interval_s)} s, last {span((age_ms ?? 0) / 1e3)} ago. To try other rules on the last day
        of this server: <code>mythos alerts backtest new_rules.yml</code>
      </p>
      <Scroll label="Alert rules">
        <table class="rules">
          <thead>
            <tr>
              <th scope="col">rule</th>
              <th scope="col">state</th>
              <th scope="col">fires where this holds</th>
              <th scope="col" class="number optional">
                for
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ name, rules }) => (
              <RuleRows key={name} rules={rules} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

function Hour({ alerts, history }: { alerts: Alerts; history: History | null }) {
  const [all, showAll] = useState(false);
  const [transitions, knownSince] = allTransitions(alerts, history);
  const states = statesOf(alerts);
  const moved = new Set(transitions.map(({ name }) => name));
  const names = rulesOf(alerts)
    .filter(({ type, name }) => type === "alerting" && (all || moved.has(name) || states.has(name)))
    .map(({ name }) => name);
  const now = Date.now();
  const dated = transitions.map(({ at }) => at);
  return (
    <>
      {names.length === 0 ? (
        <Empty>No rule was pending or firing.</Empty>
      ) : (
        <Bands
          label="States of the alert rules over the last hour"
          present={new Map(names.map((name) => [name, states.get(name) ?? "inactive"]))}
          transitions={transitions}
          begin={now - HOUR_MS}
          end={now}
          knownSince={knownSince && Math.min(knownSince, ...dated)}
        />
      )}
      <p>
        <button type="button" class="quiet" aria-pressed={all} onClick={() => showAll(!all)}>
          {all ? "Only rules that moved" : "All rules"}
        </button>
      </p>
      <Changes transitions={transitions.filter(({ at }) => at > now - HOUR_MS)} none="Nothing changed in this time." />
    </>
  );
}

export function AlertsView() {
  const told = useAnswer<Alerts>(ALERTS, STATES_EVERY_MS);
  const { data: history } = useAnswer<History>(HISTORY, HISTORY_EVERY_MS);
  const { query } = useCell(route);
  return (
    <Answered told={told}>
      {(alerts) =>
        alerts.enabled ? (
          <div class="panels">
            <Panel title="Now" wide>
              <AlertList alerts={alerts.alerts} silence />
            </Panel>
            <Panel title="The last hour" note={history?.events ? "" : "as far as this page has seen it"} wide>
              <Hour alerts={alerts} history={history} />
            </Panel>
            <Panel title="Silences" note="hold for what this server tells by itself" wide>
              <Silences proposed={query.silence ?? ""} />
            </Panel>
            <Panel title="Rules in force" wide>
              <Rules alerts={alerts} />
            </Panel>
          </div>
        ) : (
          <Panel title="No rules" wide>
            <Empty>
              This server evaluates no alert rules: <code>alerts.rules</code> names none, or it is mythosd, whose rules
              are Prometheus's.
            </Empty>
          </Panel>
        )
      }
    </Answered>
  );
}
