// States over the last hour as bands, one row for each name.
import { span, time } from "../core/format.js";
import { type Segment, segments, type Transition } from "../core/transitions.js";
import { toneOf } from "./basics.js";

interface Props {
  label: string;
  /** The present state of each. */
  present: ReadonlyMap<string, string>;
  transitions: readonly Transition[];
  /** Milliseconds since 1970. What is before `knownSince` is drawn as not known. */
  begin: number;
  end: number;
  knownSince: number;
}

function Band({ segment, begin, end }: { segment: Segment; begin: number; end: number }) {
  const { state, from, to } = segment;
  const wide = ((to - from) / (end - begin)) * 100;
  const title = `${state} from ${time(from)} to ${time(to)}, ${span((to - from) / 1e3)}`;
  return <span class={`band ${toneOf(state)}`} style={{ width: `${wide}%` }} title={title} />;
}

export function Bands({ label, present, transitions, begin, end, knownSince }: Props) {
  const start = Math.min(end, Math.max(begin, knownSince));
  return (
    <table class="bands">
      <caption class="unseen">{label}</caption>
      <thead>
        <tr>
          <th scope="col" class="unseen">
            name
          </th>
          <td aria-hidden="true">
            <div class="hours">
              <span>{time(begin).slice(-8, -3)}</span>
              <span>{time((begin + end) / 2).slice(-8, -3)}</span>
              <span>now</span>
            </div>
          </td>
        </tr>
      </thead>
      <tbody>
        {[...present].map(([name, state]) => {
          const told = segments(transitions, name, state, start, end);
          const changes = told.length - 1;
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <div class="track">
                  {start > begin && (
                    <Band segment={{ state: "not known", from: begin, to: start }} begin={begin} end={end} />
                  )}
                  {told.map((segment) => (
                    <Band key={segment.from} segment={segment} begin={begin} end={end} />
                  ))}
                </div>
                <span class="unseen">
                  now {state}, {changes} {changes === 1 ? "change" : "changes"}
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function Changes({ transitions, none }: { transitions: readonly Transition[]; none: string }) {
  if (transitions.length === 0) return <p class="empty">{none}</p>;
  const newest = [...transitions].sort((a, b) => b.at - a.at).slice(0, 50);
  return (
    <ol class="changes">
      {newest.map(({ at, name, from, to }) => (
        <li key={`${at}${name}`}>
          <time>{time(at)}</time> <b>{name}</b> <span class="from">{from}</span> →{" "}
          <span class={`pill ${toneOf(to)}`}>{to}</span>
        </li>
      ))}
    </ol>
  );
}
