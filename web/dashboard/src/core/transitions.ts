// What was in which state when: from the server's transitions of the last hour, if it tells them, and from what this
// page has seen since it was opened.

export interface Transition {
  /** Milliseconds since 1970. */
  at: number;
  name: string;
  from: string;
  to: string;
}

export interface Segment {
  state: string;
  from: number;
  to: number;
}

export const KEPT_MAX = 500;

/** Notes what changes between one look and the next. */
export class Observer {
  readonly seen: Transition[] = [];
  private readonly _states = new Map<string, string>();
  /** Of the first look; before it nothing is known but what the server tells. */
  since = 0;

  /** `absent`: the state of what is not named any more. Without it, it keeps its state. */
  look(now: number, states: ReadonlyMap<string, string>, absent?: string): void {
    this.since ||= now;
    for (const [name, to] of states) {
      const from = this._states.get(name) ?? absent;
      if (from !== undefined && from !== to && now !== this.since) this._note({ at: now, name, from, to });
      this._states.set(name, to);
    }
    if (absent === undefined) return;
    for (const [name, from] of this._states) {
      if (states.has(name)) continue;
      this._note({ at: now, name, from, to: absent });
      this._states.delete(name);
    }
  }

  private _note(transition: Transition): void {
    this.seen.push(transition);
    if (this.seen.length > KEPT_MAX) this.seen.shift();
  }
}

/**
 * The states of `name` from `begin` to `end`, oldest first, without holes: what was before the first transition is
 * what that one left, or `present` where there was none.
 */
export function segments(
  transitions: readonly Transition[],
  name: string,
  present: string,
  begin: number,
  end: number,
): Segment[] {
  const own = transitions.filter((each) => each.name === name && each.at > begin && each.at < end);
  own.sort((a, b) => a.at - b.at);
  const result: Segment[] = [];
  let state = own[0]?.from ?? present;
  let from = begin;
  for (const { at, to } of own) {
    if (at > from) result.push({ state, from, to: at });
    state = to;
    from = at;
  }
  result.push({ state: own.length ? state : present, from, to: end });
  return result;
}
