// The black boxes of one or two connections as one timeline: a row for each moment, a lane for each wire.
import type { BoxEvent } from "../core/answers.js";
import { duration, number, parseTime, span, time, words } from "../core/format.js";
import type { Tone } from "./basics.js";
import { detail, inTime, type Lane } from "./moments.js";

const TONES: Readonly<Record<string, Tone>> = {
  opened: "ok",
  healthy: "ok",
  promoted: "ok",
  slow: "warn",
  demoted: "warn",
  closing: "warn",
  gap: "bad",
  unhealthy: "bad",
};

function Told({ event }: { event: BoxEvent }) {
  const lasted = event.until ? parseTime(event.until) - parseTime(event.at) : 0;
  return (
    <div class={`moment ${TONES[event.event] ?? "idle"} ${event.event}`}>
      <b>{words(event.event)}</b> {detail(event)}
      {lasted > 0 && <small> over {span(lasted / 1e3)}</small>}
    </div>
  );
}

export function Timeline({ lanes, label }: { lanes: readonly Lane[]; label: string }) {
  const rows = inTime(lanes);
  const first = rows[0]?.at ?? 0;
  return (
    <table class="timeline">
      <caption class="unseen">{label}</caption>
      <thead>
        <tr>
          <th scope="col">time</th>
          {lanes.map(({ name, wire, forgotten }) => (
            <th scope="col" key={name}>
              <span class={`wire ${wire}`}>{wire}</span> <code>{name}</code>
              {forgotten > 0 && <small> {number(forgotten)} older events are forgotten</small>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ lane, at, event }, i) => (
          <tr key={i}>
            <th scope="row">
              <time>{time(at)}</time> <small>+{duration(at - first)}</small>
            </th>
            {lanes.map(({ name }, column) => (
              <td key={name}>{column === lane && <Told event={event} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
