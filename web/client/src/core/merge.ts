// Two streams of one journal in, one stream out: each owed entry once, in order, or the exact range that is missing
// (docs/reference/protocol.md, "Reading two wires as one"; cpp/protocol/merge.hpp is its twin).
import { type CoreConfig, type Output, otherWire, WIRES, type Wire } from "./config.js";
import { type Cursor, cursorText, type EntryMessage, type GapMessage, parseCursor } from "./server_message.js";

/** Where a wire's stream stands: `overflowed` needs a rewind, `awaiting_gap` gets its base by the gap that follows. */
export type Place = "none" | "awaiting_gap" | "based" | "overflowed";

type Held = EntryMessage | GapMessage | { kind: "position"; seq: number };

class Stream {
  place: Place = "none";
  base = 0;
  held: Held[] = [];
  bytes = 0;

  forget(place: Place): void {
    this.place = place;
    this.held = [];
    this.bytes = 0;
  }
}

export class Merge {
  readonly counters = {
    delivered: 0,
    duplicates: 0,
    gapsTold: 0,
    lost: 0,
    otherEpoch: 0,
    withoutPlace: 0,
    holdsDropped: 0,
  };
  applied: Cursor | null;
  epoch = "";
  private readonly _streams = { websocket: new Stream(), sse: new Stream() };

  constructor(
    private readonly _config: CoreConfig,
    private readonly _tell: (output: Output) => void,
  ) {
    this.applied = parseCursor(_config.cursor);
  }

  /** The applied position, if it is one of the current epoch. */
  get appliedSeq(): number | null {
    return this.applied && this._inEpoch(this.applied) ? this.applied.seq : null;
  }

  place(wire: Wire): Place {
    return this._streams[wire].place;
  }

  covers(wire: Wire): boolean {
    const { place, base } = this._streams[wire];
    const applied = this.appliedSeq;
    return place === "based" && applied !== null && base <= applied;
  }

  setEpoch(epoch: string): void {
    if (this.epoch === epoch) return;
    this.epoch = epoch;
    WIRES.forEach((wire) => {
      this.detach(wire);
    });
  }

  /** Starts the application's stream, if nothing has started it yet. */
  startAt(from: Cursor): void {
    if (!this.applied && this._inEpoch(from)) this.applied = from;
  }

  /** The stream of `wire` goes on after `from`, a welcome's or a promotion's cursor. */
  attach(wire: Wire, from: Cursor): void {
    const stream = this._streams[wire];
    stream.forget("awaiting_gap");
    if (!this._inEpoch(from)) return;
    this.startAt(from);
    stream.place = "based";
    stream.base = from.seq;
    if (this.appliedSeq === null) {
      // A new epoch without the gap that announces it: told here, never in silence.
      const before = { epoch: this.epoch, seq: from.seq + 1 };
      this._tellGap({ kind: "gap", after: null, before, lost: null, atMost: null, reason: "epoch_changed" }, null);
    }
    this._drain();
  }

  detach(wire: Wire): void {
    this._streams[wire].forget("none");
  }

  entry(wire: Wire, message: EntryMessage): void {
    if (!this._isOurs(message.id)) return;
    if (this._passes(wire)) this._applyEntry(wire, message);
    else if (this.place(wire) === "based") return this._hold(wire, message, message.size);
    else ++this.counters.withoutPlace;
    this._drain();
  }

  gap(wire: Wire, gap: GapMessage): void {
    if (!this._isOurs(gap.before)) return;
    if (this.place(wire) === "awaiting_gap" || this._passes(wire)) {
      this._applyGap(wire, gap);
      this._drain();
    } else if (this.place(wire) === "based") {
      this._hold(wire, gap, 0);
    }
  }

  completeUpTo(wire: Wire, { epoch, seq }: Cursor): void {
    const stream = this._streams[wire];
    if (!this._isOurs({ epoch, seq })) return;
    if (this._passes(wire)) {
      this._advance(seq);
      this._drain();
    } else if (stream.place === "based" && seq > stream.base) {
      if (stream.held.at(-1)?.kind === "position") stream.held.pop();
      this._hold(wire, { kind: "position", seq }, 0);
    }
  }

  private _inEpoch(cursor: Cursor): boolean {
    return cursor.epoch === this.epoch;
  }

  private _isOurs(cursor: Cursor): boolean {
    const ours = this._inEpoch(cursor);
    if (!ours) ++this.counters.otherEpoch;
    return ours;
  }

  private _passes(wire: Wire): boolean {
    return this.covers(wire) && !this._streams[wire].held.length;
  }

  private _hold(wire: Wire, item: Held, size: number): void {
    const stream = this._streams[wire];
    if (stream.held.length >= this._config.heldEntriesMax || stream.bytes + size > this._config.heldBytesMax) {
      // Not even partly useful: without its beginning the hold proves nothing.
      stream.forget("overflowed");
      ++this.counters.holdsDropped;
      return;
    }
    stream.held.push(item);
    stream.bytes += size;
  }

  private _applyEntry(wire: Wire, { id, entry }: EntryMessage): void {
    if (id.seq <= (this.appliedSeq ?? -1)) {
      ++this.counters.duplicates;
      return;
    }
    ++this.counters.delivered;
    this._advance(id.seq);
    this._tell({ kind: "entry", wire, entry });
  }

  private _applyGap(wire: Wire, gap: GapMessage): void {
    const stream = this._streams[wire];
    const applied = this.appliedSeq;
    const covered = this.covers(otherWire(wire));
    const wasCovering = this.covers(wire);
    stream.place = "based";
    stream.base = gap.before.seq - 1;
    // `after` null where the position was of this epoch: it lay in the journal's future, and the stream goes on below.
    if (applied === null || (!gap.after && wasCovering && !covered)) {
      this._tellGap({ ...gap, after: null }, null);
    } else if (wasCovering && !covered && gap.before.seq > applied + 1) {
      this._tellGap(gap, applied);
    }
  }

  // With `applied`: the part above it. Without: the whole, and the stream begins anew.
  private _tellGap({ after, before, lost, atMost, reason }: GapMessage, applied: number | null): void {
    if (applied !== null && !(after && this._inEpoch(after) && after.seq >= applied)) {
      // How many of the lost ones lie in the part that the other wire has brought is not known; none is none.
      lost = lost === 0 ? 0 : null;
      after = { epoch: this.epoch, seq: applied };
      atMost = before.seq - applied - 1;
    }
    this.applied = { epoch: this.epoch, seq: before.seq - 1 };
    ++this.counters.gapsTold;
    this.counters.lost += lost ?? 0;
    const gap = { after: after && cursorText(after), before: cursorText(before), lost, atMost, reason };
    this._tell({ kind: "gap", gap });
  }

  private _advance(seq: number): void {
    if (seq > (this.appliedSeq ?? -1)) this.applied = { epoch: this.epoch, seq };
  }

  // What is applied from one wire may bring the cursor to where the other begins.
  private _drain(): void {
    while (WIRES.some((wire) => this._drainWire(wire)));
  }

  private _drainWire(wire: Wire): boolean {
    const stream = this._streams[wire];
    let taken = 0;
    for (; taken < stream.held.length && this.covers(wire); ++taken) {
      const item = stream.held[taken] as Held;
      if (item.kind === "entry") {
        stream.bytes -= item.size;
        this._applyEntry(wire, item);
      } else if (item.kind === "gap") {
        this._applyGap(wire, item);
      } else {
        this._advance(item.seq);
      }
    }
    stream.held.splice(0, taken);
    return taken > 0;
  }
}
