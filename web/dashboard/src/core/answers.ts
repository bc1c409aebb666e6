// What the server answers, as far as the pages read it. docs/api/openapi.yaml has all of it.

export type Status = "healthy" | "degraded" | "unhealthy";
export type Wire = "websocket" | "sse";

/** An event of /monitoring/stream: the figures of now and of the last minute. */
export interface LiveEvent {
  timestamp: string;
  health: {
    total_connections: number;
    healthy_connections: number;
    unhealthy_connections: number;
    health_percentage: number;
  };
  connections: {
    websocket: number;
    sse: number;
    sessions: number;
    websocket_only_players: number;
    sse_only_players: number;
    dual_connection_players: number;
  };
  deliveries: { per_second: number; success_rate: number; p50_ms: number; p95_ms: number; p99_ms: number };
  errors: { total_errors_last_minute: number; total_errors_last_hour: number };
  requests_per_second: number;
  send_queue_messages?: number;
  slow_consumers?: number;
  memory_usage_percent: number;
  cpu_usage_percent: number;
}

/** A column of the last hour; null for a step nothing is known of. */
export type Column = readonly (number | null)[];

export interface History {
  step_s: number;
  /** Unix seconds of the last step. */
  end: number;
  series: Readonly<Record<string, Column>>;
  /** `counts` has one more than the bounds: below the first, between, beyond the last. */
  heatmap?: { bounds_ms: readonly number[]; counts: readonly (readonly number[] | null)[] };
  events?: readonly HistoryEvent[];
  /** By fingerprint. */
  errors?: Readonly<Record<string, Column>>;
}

export interface HistoryEvent {
  at: string;
  kind: "health" | "alert";
  name: string;
  from: string;
  to: string;
  labels?: Labels;
}

export interface Timing {
  count: number;
  rate_per_second: number;
  avg_ms: number;
  max_ms: number;
  p50_ms: number;
  p90_ms: number;
  p95_ms: number;
  p99_ms: number;
  p99_9_ms: number;
}

export interface Performance {
  window: string;
  window_seconds: number;
  message_delivery: {
    total_messages_sent: number;
    successful_deliveries: number;
    failed_deliveries: number;
    conflated_deliveries: number;
    delivery_success_rate: number;
    deliveries_per_second: number;
    append_to_socket: Timing;
    append_to_acknowledgement: Timing;
    clients_own_delay: Timing;
  } & Record<`p${50 | 95 | 99}_delivery_time_ms`, number>;
  system_performance: { requests_per_second: number; memory_usage_percent: number; cpu_usage_percent: number };
  percentile_error_max_percent: number;
}

export interface ConnectionRow {
  connection_id: string;
  client_id: string;
  player_id: string;
  session_id: string;
  opened_at: string;
  wire: Wire;
  mode: "mirror" | "standby";
  healthy: boolean;
  causes: readonly string[];
  age_seconds: number;
  rtt_ms: number | null;
  unacknowledged_ms: number;
  lag_entries: number;
  lag_bytes: number;
  sent_bytes: number;
  blocked: boolean;
  loop: number;
}

export interface ConnectionPage {
  total: number;
  offset: number;
  connections: readonly ConnectionRow[];
}

export interface BoxEvent {
  at: string;
  until?: string;
  event: string;
  [detail: string]: unknown;
}

export interface BlackBox extends Partial<ConnectionRow> {
  connection_id: string;
  player_id: string;
  session_id: string;
  client_id: string;
  wire: Wire;
  opened_at: string;
  age_seconds: number;
  sent_bytes: number;
  open: boolean;
  closed_at?: string;
  close_code?: number;
  close_reason?: string;
  reason?: string;
  abnormal?: boolean;
  events_forgotten: number;
  events: readonly BoxEvent[];
}

export interface ErrorGroup {
  fingerprint: string;
  type: string;
  severity: string;
  error_code: string;
  count: number;
  first: number;
  last: number;
}

export interface RecentError {
  type: string;
  severity: string;
  message: string;
  timestamp: number;
  player_id: string | null;
  session_id: string | null;
  connection_id: string | null;
  error_code: string;
  fingerprint: string;
  details: Readonly<Record<string, unknown>>;
}

export interface Errors {
  total_errors_last_hour: number;
  windows: Readonly<Record<string, { total_errors: number; error_rate_per_minute: number }>>;
  lifetime_total_errors: number;
  recent_errors: readonly RecentError[];
  recent_errors_let_go: number;
  fingerprints: readonly ErrorGroup[];
  ungrouped_errors: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface RaisedAlert {
  alertname: string;
  state: "pending" | "firing";
  labels: Labels;
  annotations: Labels;
  value: number | null;
  active_at: string;
  fired_at: string | null;
  fingerprint: string;
}

export interface Rule {
  name: string;
  type: "alerting" | "recording";
  query: string;
  state?: "inactive" | "pending" | "firing";
  health: string;
  error: string | null;
  for_s: number;
  keep_firing_for_s: number;
}

export interface Alerts {
  enabled: boolean;
  age_ms?: number;
  interval_s?: number;
  alerts: readonly RaisedAlert[];
  groups?: readonly { name: string; file: string; interval_s: number; rules: readonly Rule[] }[];
  notifications?: { receivers?: Readonly<Record<string, unknown>>; queue?: { pending: number } };
}

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

export interface Silence {
  id: string;
  status: { state: "expired" | "active" | "pending" };
  comment: string;
  createdBy: string;
  startsAt: string;
  endsAt: string;
  matchers: readonly Matcher[];
}

export interface Component {
  status: Status;
  critical: boolean;
  stale: boolean;
  time: string;
  age_ms: number;
  response_time_ms: number;
  [detail: string]: unknown;
}

export interface DetailedHealth {
  status: Status;
  version: string;
  uptime: number;
  components: Readonly<Record<string, Component>>;
}

export interface Option {
  name: string;
  value: unknown;
  default: unknown;
  takes: string;
  live: boolean | string;
  help: string;
}

export interface Configuration {
  options: readonly Option[];
}
