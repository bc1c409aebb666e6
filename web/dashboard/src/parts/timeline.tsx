// The black boxes of one or two connections as one timeline: a row for each moment, a lane for each wire.
import type { BoxEvent } from "../core/answers.js";
import { duration, number, parseTime, span, time, words } from "../core/format.js";
import type { Tone } from "./basics.js";

export interface Lane {
  name: string;
  wire: string;
  events: readonly BoxEvent[];
  /** Events that the ring has no room for any more. */
  forgotten: number;
}

interface Row {
  lane: number;
  at: number;
  event: BoxEvent;
}

export function inTime(lanes: readonly Lane[]): Row[] {
  const rows = lanes.flatMap(({ events }, lane) => events.map((event) => ({ lane, at: parseTime(event.at), event })));
  return rows.sort((a, b) => a.at - b.at);
}

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

/** What an event says beyond its name, in a few words. */
export function detail({ at: _, until, event, ...rest }: BoxEvent): string {
  const told = rest as Record<string, string | number | boolean | string[] | undefined>;
  switch (event) {
    case "opened": {
      const from = told.start === "head" ? "from now on" : words(`${told.start}`);
      return `${from}${told.standby ? ", waiting" : ""}, ${told.subscriptions} subscriptions`;
    }
    case "replayed":
      return `${number(told.entries as number)} entries sent again`;
    case "life_signs": {
      const parts = [];
      if (told.acks) parts.push(`${told.acks} acks up to ${told.acknowledged}`);
      if (told.pings) parts.push(`${told.pings} pings, RTT ${duration(told.rtt_ms as number)}`);
      return parts.join("; ");
    }
    case "slow":
      return `${told.times} times not all could be written${told.drained ? ", then drained" : ""}`;
    case "gap":
      return `up to ${told.before}${told.lost === undefined ? "" : `, ${told.lost} lost`}`;
    default:
      return Object.entries(told)
        .map(([name, value]) => (["channel", "causes"].includes(name) ? `${value}` : `${words(name)} ${value}`))
        .join(", ");
  }
}

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
