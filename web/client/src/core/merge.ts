// Two streams of one journal in, one stream out: each owed entry once, in order, or the exact range that is missing
// (docs/reference/protocol.md, "Reading two wires as one"; cpp/protocol/merge.hpp is its twin).
import { type CoreConfig, type Output, otherWire, WIRES, type Wire } from "./config.js";
import { type Cursor, cursorText, type EntryMessage, type GapMessage, parseCursor } from "./server_message.js";

type Held = EntryMessage | GapMessage | { kind: "position"; seq: number };

// Where a wire's stream stands: `overflowed` needs a rewind, `awaiting` gets its base by the gap that follows.
interface Stream {
  place: "none" | "awaiting" | "based" | "overflowed";
  base: number;
  held: Held[];
  size: number;
}

export type Merge = ReturnType<typeof createMerge>;

export function createMerge({ cursor, heldEntriesMax, heldBytesMax }: CoreConfig, tell: (output: Output) => void) {
  const counters = {
    delivered: 0,
    duplicates: 0,
    gapsTold: 0,
    lost: 0,
    otherEpoch: 0,
    withoutPlace: 0,
    holdsDropped: 0,
  };
  let applied = parseCursor(cursor);
  let epoch = "";
  const empty = (place: Stream["place"]): Stream => ({ place, base: 0, held: [], size: 0 });
  const streams: Record<Wire, Stream> = { websocket: empty("none"), sse: empty("none") };

  // The applied position, if it is one of the current epoch; -1 is below everything.
  const appliedSeq = () => (applied?.epoch === epoch ? applied.seq : -1);
  const apply = (seq: number) => {
    applied = { epoch, seq };
  };
  const advance = (seq: number) => {
    if (seq > appliedSeq()) apply(seq);
  };
  const isBased = (wire: Wire) => streams[wire].place === "based";
  const covers = (wire: Wire) => isBased(wire) && streams[wire].base <= appliedSeq();
  const passes = (wire: Wire) => covers(wire) && !streams[wire].held.length;
  const detach = (wire: Wire) => {
    streams[wire] = empty("none");
  };

  const isOurs = (of: Cursor): boolean => {
    const ours = of.epoch === epoch;
    if (!ours) ++counters.otherEpoch;
    return ours;
  };

  const hold = (wire: Wire, item: Held, size = 0) => {
    const stream = streams[wire];
    if (stream.held.length >= heldEntriesMax || stream.size + size > heldBytesMax) {
      // Not even partly useful: without its beginning the hold proves nothing.
      streams[wire] = empty("overflowed");
      ++counters.holdsDropped;
    } else {
      stream.held.push(item);
      stream.size += size;
    }
  };

  const applyEntry = (wire: Wire, { id, entry }: EntryMessage) => {
    if (id.seq <= appliedSeq()) {
      ++counters.duplicates;
      return;
    }
    ++counters.delivered;
    apply(id.seq);
    tell({ kind: "entry", wire, entry });
  };

  // With `from`: the part above it. With -1: the whole, and the stream begins anew.
  const tellGap = ({ after, before, lost, at_most: atMost, reason }: Omit<GapMessage, "kind">, from: number) => {
    if (from >= 0 && !(after?.epoch === epoch && after.seq >= from)) {
      // How many of the lost ones lie in the part that the other wire has brought is not known; none is none.
      lost = lost === 0 ? 0 : null;
      after = { epoch, seq: from };
      atMost = before.seq - from - 1;
    }
    apply(before.seq - 1);
    ++counters.gapsTold;
    counters.lost += lost ?? 0;
    tell({ kind: "gap", gap: { after: after && cursorText(after), before: cursorText(before), lost, atMost, reason } });
  };

  const applyGap = (wire: Wire, gap: GapMessage) => {
    const from = appliedSeq();
    const alone = covers(wire) && !covers(otherWire(wire));
    const { seq } = gap.before;
    streams[wire].place = "based";
    streams[wire].base = seq - 1;
    // `after` null where the position was of this epoch: it lay in the journal's future, and the stream goes on below.
    if (from < 0 || (!gap.after && alone)) tellGap({ ...gap, after: null }, -1);
    else if (alone && seq > from + 1) tellGap(gap, from);
  };

  const drainWire = (wire: Wire): boolean => {
    const stream = streams[wire];
    let taken = 0;
    for (; taken < stream.held.length && covers(wire); ++taken) {
      const item = stream.held[taken] as Held;
      if (item.kind === "entry") {
        stream.size -= item.size;
        applyEntry(wire, item);
      } else if (item.kind === "gap") applyGap(wire, item);
      else advance(item.seq);
    }
    stream.held.splice(0, taken);
    return taken > 0;
  };
  // What is applied from one wire may bring the cursor to where the other begins.
  const drain = () => {
    while (WIRES.some(drainWire));
  };

  const startAt = (from: Cursor) => {
    if (!applied && from.epoch === epoch) applied = from;
  };

  return {
    counters,
    appliedSeq,
    isBased,
    covers,
    detach,
    /** Starts the application's stream, if nothing has started it yet. */
    startAt,
    get applied() {
      return applied && cursorText(applied);
    },
    get epoch() {
      return epoch;
    },
    place: (wire: Wire) => streams[wire].place,

    setEpoch(newest: string) {
      if (epoch === newest) return;
      epoch = newest;
      WIRES.forEach(detach);
    },

    /** The stream of `wire` goes on after `from`, a welcome's or a promotion's cursor. */
    attach(wire: Wire, from: Cursor) {
      const { seq } = from;
      streams[wire] = empty("awaiting");
      if (from.epoch !== epoch) return;
      startAt(from);
      streams[wire] = { ...empty("based"), base: seq };
      // A new epoch without the gap that announces it: told here, never in silence.
      const before = { epoch, seq: seq + 1 };
      if (appliedSeq() < 0) tellGap({ after: null, before, lost: null, at_most: null, reason: "epoch_changed" }, -1);
      drain();
    },

    entry(wire: Wire, message: EntryMessage) {
      if (!isOurs(message.id)) return;
      if (passes(wire)) {
        applyEntry(wire, message);
        drain();
      } else if (isBased(wire)) hold(wire, message, message.size);
      else ++counters.withoutPlace;
    },

    gap(wire: Wire, gap: GapMessage) {
      if (!isOurs(gap.before)) return;
      if (streams[wire].place === "awaiting" || passes(wire)) {
        applyGap(wire, gap);
        drain();
      } else if (isBased(wire)) hold(wire, gap);
    },

    completeUpTo(wire: Wire, position: Cursor) {
      if (!isOurs(position)) return;
      const { seq } = position;
      const { held, base } = streams[wire];
      if (passes(wire)) {
        advance(seq);
        drain();
      } else if (isBased(wire) && seq > base) {
        if (held.at(-1)?.kind === "position") held.pop();
        hold(wire, { kind: "position", seq });
      }
    },
  };
}
