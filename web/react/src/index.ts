// React over the client of Mythos: a game's connection as a hook, and a panel of the server's monitoring.
export type { ConnectionInfo, ConnectionState, Health } from "./game_connection.js";
export { MonitoringPanel, type MonitoringPanelProps } from "./monitoring_panel.js";
export { type GameConnectionOptions, type UseGameConnection, useGameConnection } from "./use_game_connection.js";
