// One client that several tabs share: each is told the whole stream from where it joined, or from its cursor on.
import type { Client } from "./client.js";
import type { Tiding } from "./core/config.js";
import type { MythosError } from "./errors.js";
import type { Resume } from "./resume.js";
import { type Ask, justBelow, type Told } from "./shared.js";

const RECENT_MAX = 4_096; // entries and gaps that a tab which reloads can still be told
const LINGER_MS = 5_000; // a tab that goes may only reload: its channels, and the client, wait so long

export interface Port {
  postMessage(told: Told): void;
}

export class TabHub {
  private readonly _ports = new Set<Port>();
  private readonly _channels = new Map<string, Set<Port>>();
  private _recent: { seq: number; tiding: Tiding }[] = [];
  private _recentAfter: string | null = null;
  private readonly _opened: Promise<unknown>;

  /** `ended`: no tab is left. */
  constructor(
    private readonly _client: Client,
    private readonly _ended: () => void,
  ) {
    _client.listen((tiding) => this._heard(tiding));
    this._opened = _client.open();
    this._opened.catch(() => {});
  }

  async join(port: Port, resume: Partial<Resume>): Promise<void> {
    try {
      await this._opened;
    } catch (error) {
      const { name, code, message } = error as MythosError;
      port.postMessage({ failed: [name, code, message] });
      return this._ended();
    }
    const { sessionId, playerId, epoch, wires, clientId, cursor } = this._client;
    const from = resume.cursor ?? cursor;
    port.postMessage({ welcome: { sessionId, playerId, epoch, wires, clientId, cursor: from } });
    if (resume.cursor) for (const tiding of this._since(resume.cursor)) port.postMessage({ tiding });
    this._ports.add(port);
  }

  async call(port: Port, { call, type, data }: Extract<Ask, { call: number }>): Promise<void> {
    try {
      port.postMessage({ call, data: await this._command(port, type, data) });
    } catch (error) {
      const { name, code, message } = error as MythosError;
      port.postMessage({ call, failed: [name, code, message] });
    }
  }

  leave(port: Port): void {
    this._ports.delete(port);
    for (const ports of this._channels.values()) ports.delete(port);
    setTimeout(() => this._sweep(), LINGER_MS);
  }

  // biome-ignore lint/suspicious/noExplicitAny: data of commands
  private async _command(port: Port, type: string, data: any): Promise<unknown> {
    if (type === "subscribe") {
      for (const channel of data.channels) {
        this._channels.set(channel, (this._channels.get(channel) ?? new Set()).add(port));
      }
      return { id: await this._client.subscribe(data.channels, data.presence) };
    }
    if (type !== "unsubscribe") return this._client.command(type, data);
    for (const channel of data.channels) this._channels.get(channel)?.delete(port);
    return { id: await this._unsubscribe(data.channels) };
  }

  // From those of the channels that no tab wants any more.
  private async _unsubscribe(channels: string[]): Promise<string | null> {
    const unwanted = channels.filter((channel) => !this._channels.get(channel)?.size);
    for (const channel of unwanted) this._channels.delete(channel);
    return unwanted.length ? this._client.unsubscribe(unwanted) : null;
  }

  private _sweep(): void {
    if (this._ports.size) {
      this._unsubscribe([...this._channels.keys()]).catch(console.error);
    } else {
      this._client.close();
      this._ended();
    }
  }

  private _heard(tiding: Tiding): void {
    for (const port of this._ports) port.postMessage({ tiding });
    if (tiding.kind === "session") {
      this._recent = [];
      this._recentAfter = this._client.cursor;
    }
    const id = tiding.kind === "entry" ? tiding.entry.id : tiding.kind === "gap" ? justBelow(tiding.gap.before) : null;
    if (id === null) return;
    this._recent.push({ seq: seqOf(id), tiding });
    if (this._recent.length > RECENT_MAX) {
      const [gone] = this._recent.splice(0, 1);
      this._recentAfter = `${this._client.epoch}-${gone?.seq}`;
    }
  }

  // What a tab with this cursor has not been told; never less without a gap that says so.
  private _since(cursor: string): Tiding[] {
    const after = this._recentAfter ?? cursor;
    const told = this._recent.filter(({ seq }) => seq > seqOf(cursor) || !sameEpoch(cursor, after));
    const tidings = told.map(({ tiding }) => tiding);
    if (sameEpoch(cursor, after) && seqOf(cursor) >= seqOf(after)) return tidings;
    const before = `${this._client.epoch}-${seqOf(after) + 1}`;
    const gap = sameEpoch(cursor, after)
      ? { after: cursor, before, lost: null, atMost: seqOf(after) - seqOf(cursor), reason: "tab_resumed_late" }
      : { after: null, before, lost: null, atMost: null, reason: "foreign_epoch" };
    return [{ kind: "gap", gap }, ...tidings];
  }
}

const seqOf = (id: string): number => Number(id.split("-")[1]);
const sameEpoch = (a: string, b: string): boolean => a.split("-")[0] === b.split("-")[0];
