// A session's wires side by side, on one scale of time: what happened to one while the other went on.
import type { ConnectionPage } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { useAnswer } from "../core/fetching.js";
import { formatRoute, route } from "../core/route.js";
import { Answered, Empty, Panel } from "../parts/basics.js";
import { Timeline } from "../parts/timeline.js";
import { Facts, laneOf, useBox } from "./connection.js";

function Pair({ ids }: { ids: readonly [string, string] }) {
  const boxes = [useBox(ids[0]), useBox(ids[1])];
  const known = boxes.flatMap(({ data }) => (data ? [data] : []));
  return (
    <>
      <div class="pair">
        {boxes.map((told, i) => (
          <section class="panel" key={ids[i]}>
            <Answered told={told}>{(box) => <Facts box={box} />}</Answered>
          </section>
        ))}
      </div>
      <Panel title="Both black boxes" note="one scale of time, oldest first" wide>
        <Timeline lanes={known.map(laneOf)} label="Events of both wires" />
      </Panel>
    </>
  );
}

function Single({ id }: { id: string }) {
  const told = useBox(id);
  return (
    <Answered told={told}>
      {(box) => (
        <>
          <section class="panel wide">
            <Facts box={box} />
          </section>
          <Panel title="Black box" note="only one wire is open" wide>
            <Timeline lanes={[laneOf(box)]} label="Events of the wire" />
          </Panel>
        </>
      )}
    </Answered>
  );
}

export function SessionView() {
  const { id, query } = useCell(route);
  const player = query.player ?? "";
  const told = useAnswer<ConnectionPage>(
    `/monitoring/connections?limit=100&player=${encodeURIComponent(player)}`,
    5_000,
  );
  return (
    <>
      <p class="crumbs">
        <a href={formatRoute("connections")}>All connections</a> · player{" "}
        <a href={formatRoute("connections", "", { player })}>{player}</a> · session <code>{id}</code>
      </p>
      <Answered told={told}>
        {({ connections }) => {
          const own = connections.filter(({ session_id }) => session_id === id);
          // A session may have several clients; the wires of one belong together.
          const clients = new Set(own.map(({ client_id }) => client_id));
          if (own.length === 0) return <Empty>No wire of this session is open.</Empty>;
          return [...clients].map((client) => {
            const wires = own.filter(({ client_id }) => client_id === client);
            const [a, b] = wires.sort((x, y) => y.wire.localeCompare(x.wire)).map(({ connection_id }) => connection_id);
            return a && b ? <Pair key={client} ids={[a, b]} /> : a ? <Single key={client} id={a} /> : null;
          });
        }}
      </Answered>
    </>
  );
}
