// What a silence is about, as people write it and as the API takes it.
import type { Silence } from "../core/answers.js";

export interface Wanted {
  matchers: string;
  hours: number;
  createdBy: string;
  comment: string;
}

const MATCHER = /^\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*(?:"([^"]*)"|([^\s,"]+))\s*$/;

/** `alertname=SlowConsumers, instance=~"eu.*"` as the API takes it; what is no matcher throws, with its text. */
export function parseMatchers(text: string): Silence["matchers"] {
  return (text.match(/[^,"]*(?:"[^"]*"[^,"]*)*/g) ?? [])
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const found = MATCHER.exec(part);
      if (!found)
        throw new Error(
          `Not a matcher: ${part.trim()}. Write name=value, name!=value, name=~pattern or name!~pattern.`,
        );
      const [, name = "", sign = "=", quoted, bare = ""] = found;
      return { name, value: quoted ?? bare, isRegex: sign.endsWith("~"), isEqual: !sign.startsWith("!") };
    });
}

export const formatMatchers = (matchers: Silence["matchers"]): string =>
  matchers
    .map(
      ({ name, value, isRegex, isEqual }) =>
        `${name}${isEqual ? (isRegex ? "=~" : "=") : isRegex ? "!~" : "!="}"${value}"`,
    )
    .join(", ");

export function bodyOf(wanted: Wanted, now: number): Omit<Silence, "id" | "status"> {
  const matchers = parseMatchers(wanted.matchers);
  if (matchers.length === 0) throw new Error("Say what to silence, such as alertname=SlowConsumers.");
  return {
    matchers,
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + wanted.hours * 3_600_000).toISOString(),
    createdBy: wanted.createdBy.trim(),
    comment: wanted.comment.trim(),
  };
}
