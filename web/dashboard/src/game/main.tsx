// The demo game's page: two players who throw numbered balls at each other, each on two wires that the reader may cut.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/game.css";
import { followTheme } from "../core/theme.js";
import { Pane } from "./pane.js";
import { Player } from "./player.js";

const THROW_MS = 250;

// Names of their own for each page, so that two readers do not displace each other.
const own = Math.random().toString(36).slice(2, 6);
const players = [new Player(`ann-${own}`), new Player(`ben-${own}`)] as const;

function Game() {
  const [playing, play] = useState(true);
  const [failure, fail] = useState("");
  useEffect(() => {
    const [ann, ben] = players;
    Promise.all([ann.play(ben), ben.play(ann)]).catch((error: Error) => fail(error.message));
  }, []);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      if (!document.hidden) for (const player of players) player.throw();
    }, THROW_MS);
    return () => clearInterval(timer);
  }, [playing]);
  return (
    <>
      <header class="top">
        <p class="brand">
          <img src="/assets/icon.svg" alt="" width="22" height="22" /> Mythos
        </p>
        <a href="/">Dashboard</a>
        <button type="button" class="throwing" aria-pressed={playing} onClick={() => play(!playing)}>
          {playing ? "Stop throwing" : "Throw balls"}
        </button>
      </header>
      <main id="main">
        <h1>Two players on two wires</h1>
        <p class="muted intro">
          Each throws numbered balls at the other, four a second. Cut one wire: the other goes on at once. Cut both,
          mend one: what was thrown meanwhile comes, once and in order. Nothing is lost as long as one wire comes back
          within the session's grace.
        </p>
        {failure && <p class="failed">{failure}</p>}
        <div class="pair">
          {players.map((player) => (
            <Pane key={player.name} player={player} />
          ))}
        </div>
      </main>
    </>
  );
}

followTheme();
render(<Game />, document.getElementById("app") as HTMLElement);
