// Where the reader is: `#/connections/k_1?sort=lag`, so that every view has an address to send to somebody.
import { Cell } from "./cell.js";

export interface Route {
  /** The first part of the path; `overview` where there is none. */
  view: string;
  /** The second part, or "". */
  id: string;
  query: Readonly<Record<string, string>>;
}

const text = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [view = "", id = ""] = path.split("/");
  return { view: view || "overview", id: text(id), query: Object.fromEntries(new URLSearchParams(query)) };
}

export function formatRoute(view: string, id = "", query: Readonly<Record<string, string>> = {}): string {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${view}${id && `/${encodeURIComponent(id)}`}${given && `?${given}`}`;
}

export const route = new Cell<Route>(parseRoute(""));

export function followAddress(): void {
  const read = () => route.set(parseRoute(location.hash));
  addEventListener("hashchange", read);
  read();
}

/** Changes the query of the present view without a new entry in the browser's history. */
export function replaceQuery(change: Readonly<Record<string, string>>): void {
  const { view, id, query } = route.value;
  history.replaceState(null, "", formatRoute(view, id, { ...query, ...change }));
  route.set(parseRoute(location.hash));
}
