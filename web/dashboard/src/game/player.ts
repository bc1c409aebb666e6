// A player of the demo game: a client on two wires, each of which can be cut; what it was told and by which wire.
import { Client, type Entry, type Gap, type Wire } from "@mythos/client";
import { Cell } from "../core/cell.js";
import { Cable } from "./cable.js";
import { Tally } from "./tally.js";

export interface Line {
  id: string;
  wire: Wire;
  text: string;
}

const LINES_MAX = 9;
const STRIP_MAX = 160;
const BALL = "game.ball";

export class Player {
  readonly cables: Record<Wire, Cable> = { websocket: new Cable(), sse: new Cable() };
  readonly client: Client;
  readonly tally = new Tally();
  /** Messages by the wire that brought them first. */
  readonly byWire: Record<Wire, number> = { websocket: 0, sse: 0 };
  /** Which wire brought each of the last messages. */
  readonly strip: Wire[] = [];
  lines: readonly Line[] = [];
  gaps = 0;
  room = "";
  trouble = "";
  thrown = 0;
  /** Another number after each change. */
  readonly changed = new Cell(0);
  private _other: Player | null = null;

  constructor(readonly name: string) {
    this.client = new Client(location.origin, name, {
      WebSocket: this.cables.websocket.WebSocket,
      EventSource: this.cables.sse.EventSource,
    });
    this.client.listen((tiding) => {
      if (tiding.kind === "entry") this._entry(tiding.entry, tiding.wire);
      else if (tiding.kind === "gap") this._gap(tiding.gap);
      else if (tiding.kind === "session" && tiding.fresh) void this._enter();
      this._change();
    });
  }

  async play(other: Player): Promise<void> {
    this._other = other;
    await this.client.open();
    await this._enter();
  }

  /** One numbered message to the other player. */
  throw(): void {
    const other = this._other;
    if (!other || this.client.stoppedBy !== null) return;
    const n = ++this.thrown;
    this.client.publish(BALL, { n, from: this.name }, { player: other.name }).catch(() => {
      other.tally.unsent(n);
      this._change();
    });
  }

  say(text: string): void {
    this.client.command("say", { text }).catch((error: Error) => {
      this.trouble = error.message;
      this._change();
    });
  }

  cut(wire: Wire): void {
    this.cables[wire].cut();
    this._change();
  }

  mend(wire: Wire): void {
    this.cables[wire].mend();
    this._change();
  }

  // Where there is no game, the two players have each other.
  private async _enter(): Promise<void> {
    try {
      this.room = ((await this.client.command("enter")) as { room: string }).room;
    } catch {
      this.room = "";
    }
    this._change();
  }

  private _entry({ id, type, data }: Entry, wire: Wire): void {
    ++this.byWire[wire];
    this.strip.push(wire);
    if (this.strip.length > STRIP_MAX) this.strip.shift();
    if (type === BALL) {
      this.tally.arrived(data.n);
      this._line({ id, wire, text: `ball ${data.n} from ${data.from}` });
    } else if (type === "room.said") this._line({ id, wire, text: `${data.who}: ${data.text}` });
    else if (type === "room.entered") this._line({ id, wire, text: `${data.who} comes in` });
    else if (type === "room.left") this._line({ id, wire, text: `${data.who} goes away` });
    else this._line({ id, wire, text: type });
  }

  private _gap({ lost }: Gap): void {
    this.gaps += lost ?? 1;
  }

  private _line(line: Line): void {
    this.lines = [line, ...this.lines].slice(0, LINES_MAX);
  }

  private _change(): void {
    this.changed.set(this.changed.value + 1);
  }
}
