// The life of one wire of a client: when to open it, when it has failed, when to come back. Any message is a sign of
// life; silence of 1.25 heartbeats makes a wire unhealthy, of 2 ends it. Knows nothing of the stream.
import { backoff } from "./backoff.js";
import type { CoreConfig, WireStatus } from "./config.js";
import type { Cursor, WelcomeMessage } from "./server_message.js";

const MISSED = 1.25;
const DEAD = 2;
const FAST_RETRY_MS = 20;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 10_000;
const STABLE_AFTER_MS = 1_000;

export type Phase = "off" | "waiting" | "connecting" | "welcomed" | "barred" | "refused";

export type WireSide = ReturnType<typeof createWireSide>;

export function createWireSide({ random, connectTimeoutMs, heartbeatMs }: CoreConfig) {
  let until = 0;
  let notBefore = 0;
  let welcomedAt = 0;
  let heardAt = 0;
  let heartbeat = 0;
  let failures = 0;
  const silentFor = (heartbeats: number) => heardAt + heartbeat * heartbeats;

  const side = {
    phase: "off" as Phase,
    attempt: 0,
    missed: false,
    connectionId: "",
    /** Carries heartbeats only, as far as is known. */
    standby: false,
    welcomeCursor: null as Cursor | null,
    /** Of the latest change. */
    reason: "",
    told: "off" as WireStatus,

    live: () => side.phase === "welcomed",
    healthy: () => side.live() && !side.missed,
    open: () => side.live() || side.phase === "connecting",
    isCurrent: (attempt: number) => side.open() && attempt === side.attempt,
    status(): WireStatus {
      const { phase } = side;
      if (phase === "welcomed") return side.missed ? "unhealthy" : side.standby ? "standby" : "live";
      return phase === "waiting" ? "closed" : phase;
    },

    openAt(when: number) {
      side.phase = "waiting";
      until = when;
      failures = notBefore = 0;
    },

    /** Ends a back-off, but not a wait that the server asked for. */
    hasten(now: number) {
      if (side.phase === "waiting") until = Math.max(now, notBefore);
    },

    opening(now: number, attempt: number) {
      side.end("connecting");
      side.attempt = attempt;
      side.reason = "open";
      until = now + connectTimeoutMs;
      notBefore = 0;
    },

    welcome(now: number, { heartbeat_ms, connection_id, cursor, mode }: WelcomeMessage) {
      side.phase = "welcomed";
      welcomedAt = heardAt = now;
      heartbeat = heartbeat_ms || heartbeatMs;
      side.connectionId = connection_id;
      side.reason = "welcome";
      side.welcomeCursor = cursor;
      side.standby = mode === "standby";
    },

    /** Any message. */
    heard(now: number) {
      heardAt = now;
      if (side.missed) side.reason = "heard";
      side.missed = false;
    },

    heardSince: (time: number) => heardAt >= time,

    /** Come back no sooner than this, once the connection has ended (draining). */
    holdOffUntil(when: number) {
      notBefore = when;
    },

    /** The connection ended; `soon` permits the fast retry of one that had been welcomed. */
    closed(now: number, soon: boolean, retryAfterMs?: number) {
      if (side.live() && now - welcomedAt >= STABLE_AFTER_MS) failures = 0;
      ++failures;
      let delay = 0;
      if (retryAfterMs !== undefined) notBefore = Math.max(notBefore, now + retryAfterMs * (1 + 0.25 * random()));
      else if (side.live() && failures === 1 && soon) delay = FAST_RETRY_MS * random();
      else delay = backoff(random, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, failures);
      side.end("waiting");
      until = Math.max(now + delay, notBefore);
    },

    end(phase: Phase) {
      side.phase = phase;
      side.missed = false;
    },

    due(now: number): "open" | "give_up" | "missed" | "dead" | null {
      if (side.live()) {
        if (now >= silentFor(DEAD)) return "dead";
        return !side.missed && now >= silentFor(MISSED) ? "missed" : null;
      }
      if (now < until) return null;
      return side.phase === "waiting" ? "open" : side.phase === "connecting" ? "give_up" : null;
    },

    deadline(): number | null {
      if (side.live()) return silentFor(side.missed ? DEAD : MISSED);
      return side.phase === "waiting" || side.phase === "connecting" ? until : null;
    },
  };
  return side;
}
