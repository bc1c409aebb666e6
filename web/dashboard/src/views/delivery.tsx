// How messages get there: how long it takes, where the time goes (server, network, client), how many, and what was
// sent again or taken over by the other wire.
import type { History, Performance, Timing } from "../core/answers.js";
import { useCell } from "../core/cell.js";
import { useAnswer } from "../core/fetching.js";
import { count, duration, number, percent } from "../core/format.js";
import { columnOf, extremes, HISTORY, HISTORY_EVERY_MS, lastKnown, timesOf } from "../core/history.js";
import { replaceQuery, route } from "../core/route.js";
import { Answered, Empty, Figure, Panel } from "../parts/basics.js";
import { Chart } from "../parts/chart.js";
import { Heatmap } from "../parts/heatmap.js";

const WINDOWS = ["1m", "5m", "1h", "24h"];
const PERCENTILES = ["p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"] as const;

/** Where the time goes, in a sentence; null while too little is known to tell. */
export function blame(socket: Timing, acknowledged: Timing, client: Timing): string | null {
  if (socket.count === 0 || acknowledged.count === 0) return null;
  const beyond = acknowledged.p95_ms - socket.p95_ms;
  if (socket.p95_ms >= 100 && socket.p95_ms > beyond)
    return "Most of the time passes in the server, before a message is in a socket.";
  if (beyond > 1_000) {
    return client.count > 0 && client.p95_ms < beyond / 2
      ? "The server is fast and messages reach the clients in time; acknowledging takes long."
      : "The server is fast; the time passes on the network or in the clients.";
  }
  return "Nothing is slow. Clients acknowledge within 200 ms of reading by their own choice, which is part of the second row.";
}

function Stages({ performance }: { performance: Performance }) {
  const { append_to_socket, append_to_acknowledgement, clients_own_delay } = performance.message_delivery;
  const rows: [string, string, Timing][] = [
    ["append → socket", "the server alone", append_to_socket],
    ["append → acknowledged", "and network, client, and the way back", append_to_acknowledgement],
    ["the client's view", "how late entries came, by its own clock", clients_own_delay],
  ];
  const widest = Math.max(1e-9, ...rows.map(([, , { p95_ms }]) => p95_ms));
  return (
    <>
      <table class="stages">
        <caption class="unseen">Latency by stage</caption>
        <thead>
          <tr>
            <th scope="col">stage</th>
            {PERCENTILES.map((name) => (
              <th scope="col" class="number" key={name}>
                {name.replace("_ms", "")}
              </th>
            ))}
            <th scope="col" class="number optional">
              measured
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, note, timing], row) => (
            <tr key={name}>
              <th scope="row">
                {name} <small>{note}</small>
                <span class={`bar shade-${row}`} style={{ width: `${(timing.p95_ms / widest) * 100}%` }} />
              </th>
              {PERCENTILES.map((percentile) => (
                <td class="number" key={percentile}>
                  {timing.count ? duration(timing[percentile]) : "–"}
                </td>
              ))}
              <td class="number optional">{count(timing.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        {blame(append_to_socket, append_to_acknowledgement, clients_own_delay) ??
          "Nothing was acknowledged in this window."}
      </p>
    </>
  );
}

function Counts({ performance, history }: { performance: Performance; history: History | null }) {
  const { message_delivery: delivery } = performance;
  const times = history ? timesOf(history) : [];
  const told = (name: string) => (history ? columnOf(history, name, times.length) : []);
  const total = (name: string) => {
    const column = told(name).filter((value) => value !== null);
    return history && column.length ? column.reduce((sum, value) => sum + value, 0) * history.step_s : null;
  };
  return (
    <dl class="figures">
      <Figure
        name="delivered"
        value={count(delivery.successful_deliveries)}
        note={`${number(delivery.deliveries_per_second)} a second`}
      />
      <Figure
        name="not delivered"
        value={count(delivery.failed_deliveries)}
        note={percent(delivery.delivery_success_rate)}
        tone={delivery.failed_deliveries > 0 ? "bad" : undefined}
      />
      <Figure name="conflated" value={count(delivery.conflated_deliveries)} note="left out for newer ones" />
      <Figure
        name="fan-out"
        value={number(lastKnown(told("fan_out")))}
        note={`deliveries a message, at most ${number(extremes(told("fan_out"))?.highest)} in the hour`}
      />
      <Figure
        name="replayed, last hour"
        value={count(total("replayed_per_second"))}
        note="entries sent again after a return"
      />
      <Figure
        name="failovers, last hour"
        value={count(total("promotions_per_second"))}
        note="a waiting wire took over"
      />
      <Figure
        name="returns, last hour"
        value={count(total("reconnects_per_second"))}
        note="connections of known clients"
      />
    </dl>
  );
}

export function DeliveryView() {
  const { query } = useCell(route);
  const window = WINDOWS.includes(query.window ?? "") ? (query.window as string) : "5m";
  const performance = useAnswer<Performance>(`/monitoring/performance?window=${window}`, 2_000);
  const hour = useAnswer<History>(HISTORY, HISTORY_EVERY_MS);
  const history = hour.data;
  const times = history ? timesOf(history) : [];
  const line = (label: string, series: string, colour: string, fill = false) => ({
    label,
    values: history ? columnOf(history, series, times.length) : [],
    colour,
    fill,
  });
  return (
    <>
      <fieldset class="choice">
        <legend class="unseen">Figures of the last</legend>
        {WINDOWS.map((each) => (
          <button
            type="button"
            key={each}
            aria-pressed={each === window}
            onClick={() => replaceQuery({ window: each })}
          >
            {each}
          </button>
        ))}
      </fieldset>
      <div class="panels">
        <Panel title="Server, network, client" note={`percentiles of the last ${window}`} wide>
          <Answered told={performance}>{(data) => <Stages performance={data} />}</Answered>
        </Panel>
        <Panel title="Counts" note={`of the last ${window}, unless they say otherwise`} wide>
          <Answered told={performance}>{(data) => <Counts performance={data} history={history} />}</Answered>
        </Panel>
        <Panel title="Latency, append to socket" note="each column 10 seconds; the stronger, the more deliveries" wide>
          <Answered told={hour}>
            {(data) =>
              data.heatmap ? (
                <Heatmap heat={data.heatmap} times={times} />
              ) : (
                <Empty>This server does not tell it.</Empty>
              )
            }
          </Answered>
        </Panel>
        {history && (
          <>
            <Panel title="Where the time goes" note="p95">
              <Chart
                title="95th percentile of each stage"
                times={times}
                lines={[
                  line("append → socket", "p95_ms", "--shade-3"),
                  line("→ acknowledged", "acknowledged_p95_ms", "--orange"),
                  line("client's view", "client_p95_ms", "--violet"),
                ]}
                format={duration}
                height={170}
                logarithmic
              />
            </Panel>
            <Panel title="Rates" note="a second">
              <Chart
                title="Messages published and delivered a second"
                times={times}
                lines={[
                  line("delivered", "deliveries_per_second", "--blue", true),
                  line("published", "published_per_second", "--violet"),
                ]}
                format={number}
                height={170}
              />
            </Panel>
            <Panel title="Fan-out" note="deliveries a message">
              <Chart
                title="Fan-out"
                times={times}
                lines={[line("fan-out", "fan_out", "--blue", true)]}
                format={number}
                height={130}
              />
            </Panel>
            <Panel title="Coming back" note="a second">
              <Chart
                title="Returns, replays and failovers a second"
                times={times}
                lines={[
                  line("returns", "reconnects_per_second", "--blue"),
                  line("failovers", "promotions_per_second", "--violet"),
                  line("entries replayed", "replayed_per_second", "--orange"),
                ]}
                format={number}
                height={130}
              />
            </Panel>
          </>
        )}
      </div>
    </>
  );
}
