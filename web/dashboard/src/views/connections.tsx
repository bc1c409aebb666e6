// The open connections, sorted, filtered and paged by the server; and one of them, by its address.
import { useRef } from "preact/hooks";
import type { ConnectionPage, ConnectionRow } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { bytes, count, duration, span } from "../core/format.js";
import { live } from "../core/live.js";
import { formatRoute, replaceQuery, route } from "../core/route.js";
import { Pill } from "../parts/basics.js";
import { type ColumnOf, VirtualTable } from "../parts/virtual_table.js";
import { ConnectionView } from "./connection.js";

const COLUMNS: readonly ColumnOf<ConnectionRow>[] = [
  {
    name: "player",
    title: "player",
    cell: ({ player_id, connection_id }) => (
      <a href={formatRoute("connections", connection_id)}>
        {player_id}
        <span class="unseen">, connection {connection_id}</span>
      </a>
    ),
  },
  { name: "wire", title: "wire", cell: ({ wire, mode }) => <Wire wire={wire} waits={mode === "standby"} /> },
  {
    name: "health",
    title: "health",
    cell: ({ healthy, causes }) => (healthy ? <Pill state="healthy" /> : <Pill state={causes.join(", ")} tone="bad" />),
  },
  { name: "age", title: "age", sort: "age", number: true, cell: ({ age_seconds }) => span(age_seconds) },
  { name: "rtt", title: "RTT", sort: "rtt", number: true, cell: ({ rtt_ms }) => duration(rtt_ms) },
  {
    name: "unacknowledged",
    title: "not acknowledged for",
    sort: "unacknowledged",
    number: true,
    cell: ({ unacknowledged_ms }) => (unacknowledged_ms ? duration(unacknowledged_ms) : "–"),
  },
  {
    name: "lag",
    title: "behind",
    sort: "lag",
    number: true,
    cell: ({ lag_entries, lag_bytes, blocked }) =>
      lag_entries ? `${count(lag_entries)} (${bytes(lag_bytes)})${blocked ? ", blocked" : ""}` : "–",
  },
  {
    name: "bytes",
    title: "sent",
    sort: "bytes",
    number: true,
    optional: true,
    cell: ({ sent_bytes }) => bytes(sent_bytes),
  },
  {
    name: "session",
    title: "session",
    optional: true,
    cell: ({ session_id, player_id }) => (
      <a href={formatRoute("sessions", session_id, { player: player_id })}>
        <code>{session_id}</code>
      </a>
    ),
  },
];

export function Wire({ wire, waits }: { wire: string; waits?: boolean }) {
  return (
    <span class={`wire ${wire}`}>
      {wire}
      {waits && <small> waits</small>}
    </span>
  );
}

function Filters({ wire, player }: { wire: string; player: string }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        replaceQuery({ player: field.current?.value.trim() ?? "" });
      }}
    >
      <label>
        Wire{" "}
        <select value={wire} onChange={(event) => replaceQuery({ wire: event.currentTarget.value })}>
          <option value="">both</option>
          <option value="websocket">websocket</option>
          <option value="sse">sse</option>
        </select>
      </label>
      <label>
        Player <input ref={field} type="search" defaultValue={player} placeholder="whole name" spellcheck={false} />
      </label>
      <button type="submit">Find</button>
      {(wire || player) && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            if (field.current) field.current.value = "";
            replaceQuery({ wire: "", player: "" });
          }}
        >
          Show all
        </button>
      )}
    </form>
  );
}

function Totals() {
  const connections = useCell(live, (event) => event?.connections ?? null);
  const health = useCell(live, (event) => event?.health ?? null);
  if (!connections || !health) return null;
  return (
    <p class="totals">
      <b>{count(health.total_connections)}</b> open: <b>{count(connections.websocket)}</b> websocket,{" "}
      <b>{count(connections.sse)}</b> sse · <b>{count(connections.dual_connection_players)}</b> players on both wires,{" "}
      <b>{count(connections.websocket_only_players)}</b> on websocket alone,{" "}
      <b>{count(connections.sse_only_players)}</b> on sse alone · <b>{count(health.unhealthy_connections)}</b> unhealthy
    </p>
  );
}

export function ConnectionsView() {
  const { id, query } = useCell(route);
  if (id) return <ConnectionView id={id} />;
  const { sort = "age", order = "desc", wire = "", player = "" } = query;
  const path = (offset: number, limit: number) => {
    const asked = new URLSearchParams({ sort, order, offset: `${offset}`, limit: `${limit}` });
    if (wire) asked.set("wire", wire);
    if (player) asked.set("player", player);
    return `/monitoring/connections?${asked}`;
  };
  return (
    <>
      <Totals />
      <Filters key={player} wire={wire} player={player} />
      <VirtualTable<ConnectionRow, ConnectionPage>
        label="Open connections"
        columns={COLUMNS}
        path={path}
        read={({ total, connections }) => ({ total, rows: connections })}
        keyOf={({ connection_id }) => connection_id}
        sort={sort}
        descending={order === "desc"}
        onSort={(by, descending) => replaceQuery({ sort: by, order: descending ? "desc" : "asc" })}
        none="No connection is open that fits."
      />
    </>
  );
}
