// The small parts that every view is made of.
import type { ComponentChildren } from "preact";
import type { Refused, Told } from "../core/fetching.js";
import { time, words } from "../core/format.js";

export type Tone = "ok" | "warn" | "bad" | "idle";

const TONES: Readonly<Record<string, Tone>> = {
  healthy: "ok",
  ok: "ok",
  inactive: "ok",
  active: "warn",
  degraded: "warn",
  pending: "warn",
  medium: "warn",
  unhealthy: "bad",
  firing: "bad",
  err: "bad",
  high: "bad",
  critical: "bad",
};

/** How a state that the server names is shown. */
export const toneOf = (state: string): Tone => TONES[state] ?? "idle";

/** A state in a word and a colour, never in a colour alone. */
export function Pill({ state, tone = toneOf(state) }: { state: string; tone?: Tone }) {
  return <span class={`pill ${tone}`}>{words(state)}</span>;
}

export function Panel(props: { title: string; note?: ComponentChildren; wide?: boolean; children: ComponentChildren }) {
  const { title, note, wide, children } = props;
  return (
    <section class={wide ? "panel wide" : "panel"}>
      <header>
        <h2>{title}</h2>
        {note && <p>{note}</p>}
      </header>
      {children}
    </section>
  );
}

/** A figure with its name, and what is worth knowing beside it. */
export function Figure(props: { name: string; value: string; note?: ComponentChildren; tone?: Tone | undefined }) {
  const { name, value, note, tone } = props;
  return (
    <div class={`figure ${tone ?? ""}`}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

function Failed({ error, at }: { error: Refused; at: number }) {
  const what = error.status === 404 ? "This server does not tell it." : error.message;
  return <p class="failed">{at ? `Not renewed since ${time(at)}: ${what}` : what}</p>;
}

/** What was answered, or what is to be said instead: that it is asked for, or that it was refused. */
export function Answered<T>({ told, children }: { told: Told<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, at } = told;
  if (data === null) return error ? <Failed error={error} at={0} /> : <p class="empty">Asking the server …</p>;
  return (
    <>
      {error && <Failed error={error} at={at} />}
      {children(data)}
    </>
  );
}

/** A table that scrolls within itself where it is too wide; reachable by keyboard for that. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrollable by keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
