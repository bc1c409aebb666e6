// One connection, open or closed a while ago: what is known of it, and its black box as a timeline.
import type { BlackBox } from "../core/answers.js";
import { type Told, useAnswer } from "../core/fetching.js";
import { bytes, count, duration, parseTime, span, time, UNKNOWN } from "../core/format.js";
import { formatRoute } from "../core/route.js";
import { Answered, Figure, Panel, Pill } from "../parts/basics.js";
import type { Lane } from "../parts/moments.js";
import { Timeline } from "../parts/timeline.js";

const EVERY_MS = 2_000;

export const useBox = (id: string): Told<BlackBox> =>
  useAnswer<BlackBox>(`/monitoring/connections/${encodeURIComponent(id)}`, EVERY_MS);

export const laneOf = ({ connection_id, wire, events, events_forgotten }: BlackBox): Lane => ({
  name: connection_id,
  wire,
  events,
  forgotten: events_forgotten,
});

function State({ box }: { box: BlackBox }) {
  if (!box.open) {
    const why = `closed, ${box.close_code} ${box.reason ?? ""}`;
    return <Pill state={why} tone={box.abnormal ? "bad" : "idle"} />;
  }
  return box.healthy ? <Pill state="healthy" /> : <Pill state={box.causes?.join(", ") ?? "unhealthy"} tone="bad" />;
}

export function Facts({ box }: { box: BlackBox }) {
  const opened = parseTime(box.opened_at);
  return (
    <>
      <p class="facts-head">
        <span class={`wire ${box.wire}`}>{box.wire}</span> <code>{box.connection_id}</code> <State box={box} />
      </p>
      <dl class="figures small">
        <Figure name="age" value={span(box.age_seconds)} note={`opened ${time(opened)}`} />
        {box.open && (
          <>
            <Figure name="mode" value={box.mode === "standby" ? "waits" : "carries all"} note={`loop ${box.loop}`} />
            <Figure name="round trip" value={duration(box.rtt_ms)} />
            <Figure
              name="not acknowledged for"
              value={box.unacknowledged_ms ? duration(box.unacknowledged_ms) : UNKNOWN}
            />
            <Figure
              name="behind"
              value={box.lag_entries ? count(box.lag_entries) : UNKNOWN}
              note={box.lag_entries ? `${bytes(box.lag_bytes)}${box.blocked ? ", blocked" : ""}` : ""}
            />
          </>
        )}
        {box.closed_at && <Figure name="closed" value={time(parseTime(box.closed_at))} note={box.close_reason ?? ""} />}
        <Figure name="sent" value={bytes(box.sent_bytes)} />
      </dl>
    </>
  );
}

export function ConnectionView({ id }: { id: string }) {
  const told = useBox(id);
  return (
    <>
      <p class="crumbs">
        <a href={formatRoute("connections")}>All connections</a>
      </p>
      <Answered told={told}>
        {(box) => (
          <>
            <Panel
              title={`Player ${box.player_id}`}
              note={
                <a href={formatRoute("sessions", box.session_id, { player: box.player_id })}>
                  Both wires of the session side by side
                </a>
              }
              wide
            >
              <Facts box={box} />
              <p class="muted">
                session <code>{box.session_id}</code> · client <code>{box.client_id}</code>
              </p>
            </Panel>
            <Panel title="Black box" note="its last events, oldest first" wide>
              <Timeline lanes={[laneOf(box)]} label="Events of the connection" />
            </Panel>
          </>
        )}
      </Answered>
    </>
  );
}
