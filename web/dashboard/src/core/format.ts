// Figures as people read them: three significant digits, a unit that fits, a dash for what is not known.

export const UNKNOWN = "–";

const known = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12,345 · 12.3 · 0.012 */
export function number(value: number | null | undefined): string {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0 || size >= 100 || Number.isInteger(value)) return whole.format(value);
  return `${+value.toPrecision(size < 0.001 ? 1 : size < 10 ? 2 : 3)}`;
}

export const count = (value: number | null | undefined): string =>
  known(value) ? whole.format(Math.round(value)) : UNKNOWN;

/** Never rounded up to 100: 99.996 % is not all. */
export function percent(value: number | null | undefined): string {
  if (!known(value)) return UNKNOWN;
  if (value === 100) return "100 %";
  const digits = value >= 99.9 ? 3 : value >= 99 ? 2 : 1;
  const down = Math.floor(value * 10 ** digits) / 10 ** digits;
  return `${+down.toFixed(digits)} %`;
}

/** Of milliseconds: 240 µs · 3.4 ms · 1.2 s */
export function duration(ms: number | null | undefined): string {
  if (!known(ms)) return UNKNOWN;
  if (ms === 0) return "0 ms";
  if (Math.abs(ms) < 1) return `${number(Math.round(ms * 1e3))} µs`;
  if (Math.abs(ms) < 1e3) return `${number(ms)} ms`;
  if (Math.abs(ms) < 60e3) return `${number(ms / 1e3)} s`;
  return span(ms / 1e3);
}

/** Of seconds: 42 s · 3 min 5 s · 2 h 10 min · 4 d 3 h */
export function span(seconds: number | null | undefined): string {
  if (!known(seconds)) return UNKNOWN;
  const s = Math.max(0, Math.floor(seconds));
  const two = (big: number, unit: string, small: number, rest: string) =>
    `${big} ${unit}${small ? ` ${small} ${rest}` : ""}`;
  if (s < 60) return `${s} s`;
  if (s < 3_600) return two(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86_400) return two(Math.floor(s / 3_600), "h", Math.floor((s % 3_600) / 60), "min");
  return two(Math.floor(s / 86_400), "d", Math.floor((s % 86_400) / 3_600), "h");
}

export function bytes(value: number | null | undefined): string {
  if (!known(value)) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log2(value) / 10));
  return `${number(value / 1024 ** power)} ${units[power]}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** Of milliseconds since 1970, in the reader's time zone: 20:31:05, with the day where it is another one. */
export function time(at: number, now: number = Date.now()): string {
  const when = new Date(at);
  const text = clock.format(when);
  return day.format(when) === day.format(now) ? text : `${day.format(when)} ${text}`;
}

/** A time that the server wrote, in milliseconds since 1970. */
export const parseTime = (iso: string): number => Date.parse(iso);

/** `slow_consumers` → `slow consumers` */
export const words = (name: string): string => name.replaceAll("_", " ");
