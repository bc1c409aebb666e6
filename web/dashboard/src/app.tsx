// The frame around every view: the state in one line, how fresh it is, where to go, and the view itself.
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Alerts, DetailedHealth } from "./core/answers.js";
import { useCell } from "./core/cell.js";
import { useAnswer } from "./core/fetching.js";
import { span, time } from "./core/format.js";
import { lastAt, link } from "./core/live.js";
import { formatRoute, route } from "./core/route.js";
import { type Choice, choice, choose } from "./core/theme.js";
import { ALERTS, HEALTH, STATES_EVERY_MS } from "./core/watching.js";
import { Pill } from "./parts/basics.js";
import { AlertsView } from "./views/alerts.js";
import { ConfigurationView } from "./views/configuration.js";
import { ConnectionsView } from "./views/connections.js";
import { DeliveryView } from "./views/delivery.js";
import { ErrorsView } from "./views/errors.js";
import { HealthView } from "./views/health.js";
import { OverviewView } from "./views/overview.js";
import { SessionView } from "./views/session.js";

interface View {
  name: string;
  title: string;
  Body: ComponentType;
  /** Under the entry of this name in the menu. */
  within?: string;
}

const VIEWS: readonly View[] = [
  { name: "overview", title: "Overview", Body: OverviewView },
  { name: "delivery", title: "Delivery", Body: DeliveryView },
  { name: "connections", title: "Connections", Body: ConnectionsView },
  { name: "sessions", title: "Session", Body: SessionView, within: "connections" },
  { name: "errors", title: "Errors", Body: ErrorsView },
  { name: "alerts", title: "Alerts", Body: AlertsView },
  { name: "health", title: "Health", Body: HealthView },
  { name: "configuration", title: "Configuration", Body: ConfigurationView },
];

function Freshness() {
  const { state } = useCell(link);
  const said = { connecting: "connecting …", live: "live", polling: "every 5 s", cut: "no data" }[state];
  const title = {
    connecting: "Waiting for the first figures.",
    live: "The server sends figures every second.",
    polling: "The stream of figures does not come through; the page asks every 5 seconds.",
    cut: "The server does not answer.",
  }[state];
  return (
    <span class={`fresh ${state}`} title={title}>
      <i aria-hidden="true" />
      {said}
    </span>
  );
}

// Announced once, when it begins; the seconds that pass are only seen.
function CutBanner() {
  const { state } = useCell(link);
  const [, tick] = useState(0);
  const isCut = state === "cut";
  useEffect(() => {
    document.documentElement.classList.toggle("stale", isCut);
    if (!isCut) return;
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, [isCut]);
  const at = lastAt.value;
  const since = at ? `No data since ${time(at)}.` : "No data yet.";
  return (
    <div class={isCut ? "cut-banner shown" : "cut-banner"}>
      <p role="status">
        {isCut && (
          <>
            <strong>The connection to the server is cut.</strong> {since}{" "}
            {at ? "Everything below is as it was then, not as it is now." : ""} The page goes on trying.
          </>
        )}
      </p>
      {isCut && at > 0 && <span aria-hidden="true">{span((Date.now() - at) / 1e3)} ago</span>}
    </div>
  );
}

function ThemeSwitch() {
  const chosen = useCell(choice);
  const next: Record<Choice, Choice> = { system: "light", light: "dark", dark: "system" };
  const sign = { system: "◐", light: "☀", dark: "☾" }[chosen];
  return (
    <button type="button" class="quiet theme" onClick={() => choose(next[chosen])}>
      <span aria-hidden="true">{sign}</span> <span class="unseen">Colours: </span>
      {chosen === "system" ? "auto" : chosen}
    </button>
  );
}

function Menu({ current }: { current: string }) {
  const alerts = useAnswer<Alerts>(ALERTS, STATES_EVERY_MS).data;
  const firing = alerts?.alerts.filter(({ state }) => state === "firing").length ?? 0;
  return (
    <nav aria-label="Views">
      <ul>
        {VIEWS.filter(({ within }) => !within).map(({ name, title }) => (
          <li key={name}>
            <a href={formatRoute(name)} aria-current={name === current ? "page" : undefined}>
              {title}
              {name === "alerts" && firing > 0 && (
                <span class="badge">
                  {firing}
                  <span class="unseen"> firing</span>
                </span>
              )}
            </a>
          </li>
        ))}
        <li class="apart">
          <a href="/game">Game</a>
        </li>
      </ul>
    </nav>
  );
}

export function App() {
  const { view, id } = useCell(route);
  const health = useAnswer<DetailedHealth>(HEALTH, STATES_EVERY_MS).data;
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  const shown = VIEWS.find(({ name }) => name === view) ?? (VIEWS[0] as View);
  useEffect(() => {
    document.title = `${shown.title} · Mythos`;
    if (!first.current) {
      heading.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    first.current = false;
  }, [view, id]);
  return (
    <>
      <button type="button" class="skip" onClick={() => heading.current?.focus()}>
        Skip to the figures
      </button>
      <header class="top">
        <p class="brand">
          <img src="/assets/icon.svg" alt="" width="22" height="22" /> Mythos
        </p>
        <p class="server" aria-live="polite">
          {health && <Pill state={health.status} />}
        </p>
        <Freshness />
        <p class="version">
          {health &&
            `${health.version} · up ${span(health.uptime < 60 ? health.uptime : Math.floor(health.uptime / 60) * 60)}`}
        </p>
        <ThemeSwitch />
      </header>
      <Menu current={shown.within ?? shown.name} />
      <CutBanner />
      <main id="main">
        <h1 ref={heading} tabIndex={-1}>
          {shown.title}
        </h1>
        <shown.Body />
      </main>
    </>
  );
}
