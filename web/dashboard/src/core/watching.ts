// Alerts and the health of components, watched from the page's opening on, whatever view is open: the header tells of
// them, and their transitions are noted.
import type { Alerts, DetailedHealth } from "./answers.js";
import { watchAnswer } from "./fetching.js";
import { Observer } from "./transitions.js";

export const ALERTS = "/monitoring/alerts";
export const HEALTH = "/health/detailed";
export const STATES_EVERY_MS = 5_000;

export const alertStates = new Observer();
export const healthStates = new Observer();

const RANK = ["inactive", "pending", "firing"];

/** The worst state of each rule's alerts. */
export function statesOf({ alerts }: Alerts): Map<string, string> {
  const states = new Map<string, string>();
  for (const { alertname, state } of alerts) {
    if (RANK.indexOf(state) > RANK.indexOf(states.get(alertname) ?? "inactive")) states.set(alertname, state);
  }
  return states;
}

export function followStates(): void {
  watchAnswer<Alerts>(ALERTS, STATES_EVERY_MS, (alerts) => {
    alertStates.look(Date.now(), statesOf(alerts), "inactive");
  });
  watchAnswer<DetailedHealth>(HEALTH, STATES_EVERY_MS, ({ components }) => {
    healthStates.look(Date.now(), new Map(Object.entries(components).map(([name, { status }]) => [name, status])));
  });
}
