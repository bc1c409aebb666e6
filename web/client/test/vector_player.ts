// Plays a scenario of tests/vectors (format: tests/vectors/README.md) and gives what came out, in its own JSON.
import type { CloseInfo, CoreConfig, Mode, Output, Wire } from "../src/core/config.js";
import { createDualClient, type DualClient } from "../src/core/dual_client.js";

// biome-ignore lint/suspicious/noExplicitAny: JSON whose shape the vectors' README gives
type Json = any;

export interface Scenario {
  name: string;
  rule: string;
  config: Record<string, Json>;
  steps: ({ at_ms: number; expect: Json[]; deadline_ms: number | null } & Record<string, Json>)[];
  end: Record<string, Json>;
}

const BOUNDS: Record<string, keyof CoreConfig> = {
  connect_timeout_ms: "connectTimeoutMs",
  held_entries_max: "heldEntriesMax",
  held_bytes_max: "heldBytesMax",
  ack_entries: "ackEntries",
  command_window: "commandWindow",
  commands_queued_max: "commandsQueuedMax",
  post_commands_max: "postCommandsMax",
  command_retries_max: "commandRetriesMax",
  first_command: "firstCommand",
  client_id: "clientId",
  session_id: "sessionId",
  cursor: "cursor",
  mode: "mode",
  wires: "wires",
};

function configOf(json: Record<string, Json>): Partial<CoreConfig> {
  const config: Record<string, unknown> = { random: () => json.jitter ?? 0.5 };
  for (const [name, value] of Object.entries(json)) {
    if (name === "jitter") continue;
    const member = BOUNDS[name];
    if (!member) throw new Error(`no such option: ${name}`);
    config[member] = value;
  }
  return config;
}

const textOf = (input: Json, member: string): string =>
  input.text ?? (member in input ? JSON.stringify(input[member]) : "");

function closeInfo({ code, http_status: httpStatus, reason, retry_after_ms: retryAfterMs }: Json): CloseInfo {
  return { code, httpStatus, reason, retryAfterMs };
}

interface Post {
  attempt: number;
  cursor: string | null;
  mode: Mode;
  wire: Wire;
}

function canonical(output: Output): Json {
  switch (output.kind) {
    case "open": {
      const { wire, attempt, cursor, mode }: Post = output;
      return {
        open: { wire, attempt, session_id: output.sessionId || null, client_id: output.clientId, cursor, mode },
      };
    }
    case "close": {
      const { wire, attempt, code, reason } = output;
      return { close: { wire, attempt, code, reason } };
    }
    case "send":
      return { send: { attempt: output.attempt, message: JSON.parse(output.text) } };
    case "post": {
      const { postId: post_id, sessionId: session_id, clientId: client_id } = output;
      return { post: { post_id, session_id, client_id, body: JSON.parse(output.body) } };
    }
    case "entry": {
      const { wire, entry } = output;
      return { entry: { wire, id: entry.id, type: entry.type, message: entry } };
    }
    case "gap": {
      const { after, before, lost, atMost: at_most, reason } = output.gap;
      return { gap: { after, before, lost, at_most, reason } };
    }
    case "reply": {
      const { commandId: command_id, ok, data, errorCode: error_code } = output;
      return { reply: { command_id, ok, data, error_code } };
    }
    case "outcome_unknown":
      return { outcome_unknown: { command_id: output.commandId, reason: output.reason } };
    case "wire":
      return { wire: { wire: output.wire, status: output.status, reason: output.reason } };
    case "failed_over":
      return { failed_over: { from: output.from, to: output.to } };
    case "session": {
      const { sessionId: session_id, playerId, epoch, fresh } = output;
      return { session: { session_id, player_id: playerId || null, epoch, fresh } };
    }
    case "stopped":
      return { stopped: { reason: output.reason } };
  }
}

// The `result` of a command; undefined for any other input.
function input(client: DualClient, step: Json): Json {
  const now: number = step.at_ms;
  if (step.start) client.start(now);
  else if (step.stop) client.stop(now);
  else if (step.tick) client.tick(now);
  else if (step.credentials_renewed) client.credentialsRenewed(now);
  else if (step.statistics) client.setStatistics(step.statistics);
  else if (step.opened) client.opened(now, step.opened.wire, step.opened.attempt);
  else if (step.message) {
    client.message(now, step.message.wire, step.message.attempt, textOf(step.message, "json"));
  } else if (step.closed) client.closed(now, step.closed.wire, step.closed.attempt, closeInfo(step.closed));
  else if (step.answered) {
    const { post_id, status, retry_after_ms } = step.answered;
    client.postAnswered(now, post_id, status, textOf(step.answered, "body"), retry_after_ms);
  } else if (step.command) return client.sendCommand(now, step.command.type, textOf(step.command, "data"));
  else throw new Error(`a step without input: ${JSON.stringify(step)}`);
}

export function play(scenario: Scenario): { played: Json[]; end: Json } {
  const client = createDualClient(configOf(scenario.config));
  const played = scenario.steps.map((step) => {
    const result = input(client, step);
    const expect = client.takeOutputs().map(canonical);
    return { ...step, ...(result && { result }), expect, deadline_ms: client.deadline() };
  });
  const { counters } = client;
  const end = {
    applied: client.applied(),
    delivered: counters.delivered,
    duplicates: counters.duplicates,
    gaps_told: counters.gapsTold,
    lost: counters.lost,
    other_epoch: counters.otherEpoch,
    without_place: counters.withoutPlace,
    holds_dropped: counters.holdsDropped,
    malformed: client.malformed(),
    unknown_types: client.unknownTypes(),
    commands_open: client.commandsOpen(),
  };
  return { played, end };
}
