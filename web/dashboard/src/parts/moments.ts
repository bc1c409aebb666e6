// The events of black boxes in the order of time, and in words.
import type { BoxEvent } from "../core/answers.js";
import { duration, number, parseTime, words } from "../core/format.js";

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
