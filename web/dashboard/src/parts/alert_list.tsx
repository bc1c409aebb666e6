// What is pending or firing now, worst and oldest first.
import type { RaisedAlert } from "../core/answers.js";
import { number, parseTime, span, time } from "../core/format.js";
import { formatRoute } from "../core/route.js";
import { Empty, Pill } from "./basics.js";

const HIDDEN = new Set(["alertname", "job", "instance", "severity"]);

export function inOrder(alerts: readonly RaisedAlert[]): RaisedAlert[] {
  return [...alerts].sort(
    (a, b) =>
      Number(b.state === "firing") - Number(a.state === "firing") || parseTime(a.active_at) - parseTime(b.active_at),
  );
}

/** `{wire="sse", reason="timeout"}` without what every alert has. */
export function ownLabels(labels: RaisedAlert["labels"]): string {
  return Object.entries(labels)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

export function AlertList({ alerts, silence }: { alerts: readonly RaisedAlert[]; silence?: boolean }) {
  if (alerts.length === 0) return <Empty>Nothing is pending or firing.</Empty>;
  return (
    <ul class="alerts">
      {inOrder(alerts).map(({ alertname, state, labels, annotations, value, active_at, fired_at, fingerprint }) => {
        const since = parseTime(fired_at ?? active_at);
        return (
          <li key={fingerprint} class={state}>
            <Pill state={state} />
            <div>
              <h3>
                {alertname} <small>{labels.severity}</small>
              </h3>
              <p>{annotations.description ?? annotations.summary}</p>
              <p class="muted">
                {ownLabels(labels)} value {number(value)} · since {time(since)} ({span((Date.now() - since) / 1e3)})
                {annotations.runbook_url && (
                  <>
                    {" · "}
                    <a href={annotations.runbook_url}>runbook</a>
                  </>
                )}
              </p>
            </div>
            {silence && (
              <a class="button" href={formatRoute("alerts", "", { silence: alertname })}>
                Silence<span class="unseen"> {alertname}</span>
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}
