// One player's half of the page.
import type { Wire } from "@mythos/client";
import { useEffect, useRef } from "preact/hooks";
import { useCell } from "../core/cell.js";
import { count, words } from "../core/format.js";
import { colour, theme } from "../core/theme.js";
import { Figure, Pill, type Tone } from "../parts/basics.js";
import type { Player } from "./player.js";

const WIRES: readonly Wire[] = ["websocket", "sse"];
const TONES: Readonly<Record<string, Tone>> = { live: "ok", standby: "ok", connecting: "warn", unhealthy: "warn" };

function WireRow({ player, wire }: { player: Player; wire: Wire }) {
  const { isCut } = player.cables[wire];
  const status = isCut ? "cut" : (player.client.wires[wire]?.status ?? "off");
  const all = player.byWire.websocket + player.byWire.sse;
  const part = all ? player.byWire[wire] / all : 0;
  return (
    <li>
      <span class={`wire ${wire}`}>{wire}</span>
      <Pill state={status} tone={isCut ? "bad" : (TONES[status] ?? "idle")} />
      <span class="share" title="Messages that this wire brought first">
        <i class={wire} style={{ width: `${part * 100}%` }} />
      </span>
      <span class="number brought">
        {count(player.byWire[wire])}
        <span class="unseen"> messages brought first</span>
      </span>
      <button type="button" aria-pressed={isCut} onClick={() => (isCut ? player.mend(wire) : player.cut(wire))}>
        {isCut ? "Mend" : "Cut"}
        <span class="unseen">
          {" "}
          the {wire} of {player.name}
        </span>
      </button>
    </li>
  );
}

// The last messages as a strip, each in the colour of the wire that brought it first.
function Strip({ player, changed }: { player: Player; changed: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useCell(theme);
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement;
    const context = element.getContext("2d") as CanvasRenderingContext2D;
    element.width = 640;
    element.height = 24;
    const colours = { websocket: colour("--blue"), sse: colour("--orange") };
    player.strip.forEach((wire, i) => {
      context.fillStyle = colours[wire];
      context.fillRect(640 - (player.strip.length - i) * 4, wire === "sse" ? 13 : 0, 3, 11);
    });
  }, [changed, dark]);
  return (
    <canvas
      class="strip"
      ref={canvas}
      role="img"
      aria-label={`The last ${player.strip.length} messages: ${player.strip.filter((wire) => wire === "sse").length} by sse, the others by websocket`}
    />
  );
}

export function Pane({ player }: { player: Player }) {
  const changed = useCell(player.changed);
  const { tally, client, gaps, lines, room, trouble } = player;
  const { duplicates } = client.statistics;
  const lost = tally.lost + gaps;
  return (
    <section class="panel pane" aria-label={`Player ${player.name}`}>
      <header>
        <h2>{player.name}</h2>
        <p>{client.stoppedBy ? `stopped: ${words(client.stoppedBy)}` : room ? `in the ${room}` : ""}</p>
      </header>
      <ul class="wires">
        {WIRES.map((wire) => (
          <WireRow key={wire} player={player} wire={wire} />
        ))}
      </ul>
      <Strip player={player} changed={changed} />
      <dl class="figures small">
        <Figure name="received" value={count(tally.received)} note="balls of the other" />
        <Figure name="lost" value={count(lost)} tone={lost ? "bad" : "ok"} note={gaps ? "told as a gap" : ""} />
        <Figure name="duplicated" value={count(tally.duplicated)} tone={tally.duplicated ? "bad" : "ok"} />
        <Figure name="out of order" value={count(tally.disordered)} tone={tally.disordered ? "bad" : "ok"} />
        <Figure name="copies dropped" value={count(duplicates)} note="of the second wire" />
        <Figure name="failovers" value={count(client.failovers)} />
      </dl>
      {room && (
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            const field = event.currentTarget.elements.namedItem("text") as HTMLInputElement;
            if (field.value.trim()) player.say(field.value.trim());
            field.value = "";
          }}
        >
          <label>
            <span class="unseen">{player.name} says</span>
            <input name="text" placeholder={`Say something as ${player.name}`} autocomplete="off" maxLength={500} />
          </label>
          <button type="submit">Say</button>
        </form>
      )}
      {trouble && <p class="failed">{trouble}</p>}
      <ol class="lines">
        {lines.map(({ id, wire, text }) => (
          <li key={id}>
            <span class={`wire ${wire}`}>
              <span class="unseen">by {wire}: </span>
              {text}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
