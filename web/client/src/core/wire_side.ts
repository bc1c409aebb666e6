// The life of one wire of a client: when to open it, when it has failed, when to come back. Any message is a sign of
// life; silence of 1.25 heartbeats makes a wire unhealthy, of 2 ends it. Knows nothing of the stream.
import { backoff } from "./backoff.js";
import type { CoreConfig, WireStatus } from "./config.js";
import type { Cursor } from "./server_message.js";

const MISSED = 1.25;
const DEAD = 2;
const FAST_RETRY_MS = 20;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 10_000;
const STABLE_AFTER_MS = 1_000;

export type Phase = "off" | "waiting" | "connecting" | "welcomed" | "barred" | "refused";

export class WireSide {
  phase: Phase = "off";
  attempt = 0;
  missed = false;
  connectionId = "";
  /** Carries heartbeats only, as far as is known. */
  standby = false;
  welcomeCursor: Cursor | null = null;
  /** Of the latest change. */
  reason = "";
  told: WireStatus = "off";
  private _until = 0;
  private _notBefore = 0;
  private _welcomedAt = 0;
  private _heard = 0;
  private _heartbeat = 0;
  private _failures = 0;

  constructor(private readonly _config: CoreConfig) {}

  get live(): boolean {
    return this.phase === "welcomed";
  }
  get healthy(): boolean {
    return this.live && !this.missed;
  }
  get open(): boolean {
    return this.live || this.phase === "connecting";
  }
  isCurrent(attempt: number): boolean {
    return this.open && attempt === this.attempt;
  }
  get status(): WireStatus {
    if (this.live) return this.missed ? "unhealthy" : this.standby ? "standby" : "live";
    return this.phase === "waiting" ? "closed" : (this.phase as WireStatus);
  }

  openAt(when: number): void {
    this.phase = "waiting";
    this._until = when;
    this._failures = this._notBefore = 0;
  }

  /** Ends a back-off, but not a wait that the server asked for. */
  hasten(now: number): void {
    if (this.phase === "waiting") this._until = Math.max(now, this._notBefore);
  }

  opening(now: number, attempt: number): void {
    this.phase = "connecting";
    this.attempt = attempt;
    this._until = now + this._config.connectTimeoutMs;
    this.missed = false;
    this._notBefore = 0;
    this.connectionId = "";
  }

  welcome(now: number, heartbeatMs: number | null, connectionId: string): void {
    this.phase = "welcomed";
    this._welcomedAt = this._heard = now;
    this._heartbeat = heartbeatMs ?? this._config.heartbeatMs;
    this.connectionId = connectionId;
  }

  /** Any message. True when the wire was unhealthy and is no more. */
  heard(now: number): boolean {
    const wasMissed = this.missed;
    this._heard = now;
    this.missed = false;
    return wasMissed;
  }

  heardSince(time: number): boolean {
    return this._heard >= time;
  }

  /** Come back no sooner than this, once the connection has ended (draining). */
  holdOffUntil(when: number): void {
    this._notBefore = when;
  }

  /** The connection ended; `soon` permits the fast retry of one that had been welcomed. */
  closed(now: number, soon: boolean, retryAfterMs?: number): void {
    const { random } = this._config;
    if (this.live && now - this._welcomedAt >= STABLE_AFTER_MS) this._failures = 0;
    ++this._failures;
    let delay: number;
    if (retryAfterMs !== undefined) {
      delay = retryAfterMs * (1 + 0.25 * random());
      this._notBefore = Math.max(this._notBefore, now + delay);
    } else if (this.live && this._failures === 1 && soon) {
      delay = FAST_RETRY_MS * random();
    } else {
      delay = backoff(random, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, this._failures);
    }
    this.end("waiting");
    this._until = Math.max(now + delay, this._notBefore);
  }

  end(phase: Phase): void {
    this.phase = phase;
    this.missed = false;
  }

  due(now: number): "open" | "give_up" | "missed" | "dead" | null {
    if (this.live) {
      if (now >= this._silent(DEAD)) return "dead";
      return !this.missed && now >= this._silent(MISSED) ? "missed" : null;
    }
    if (now < this._until) return null;
    return this.phase === "waiting" ? "open" : this.phase === "connecting" ? "give_up" : null;
  }

  get deadline(): number | null {
    if (this.live) return this._silent(this.missed ? DEAD : MISSED);
    return this.phase === "waiting" || this.phase === "connecting" ? this._until : null;
  }

  private _silent(heartbeats: number): number {
    return this._heard + this._heartbeat * heartbeats;
  }
}
