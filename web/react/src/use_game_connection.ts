// A game's connection as a hook: both wires, one stream, and how they are.
import type { ClientOptions } from "@mythos/client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { type ConnectionState, GameConnection, type Listeners } from "./game_connection.js";

export interface GameConnectionOptions extends Listeners {
  /** The server's; in its own pages "/" will do. */
  url: string;
  player: string;
  /** Connects as soon as the component is there, and leaves with it. Default: true. */
  autoConnect?: boolean;
  /** Read once for each `url` and `player`. */
  options?: ClientOptions;
}

export type UseGameConnection = ConnectionState &
  Pick<
    GameConnection,
    "connect" | "disconnect" | "sendCommand" | "createNewSession" | "switchToSession" | "getConnectionInfo"
  >;

/** Each entry is given to `onEntry` once and in order, whatever React renders meanwhile. */
export function useGameConnection(given: GameConnectionOptions): UseGameConnection {
  const { url, player, autoConnect = true, onEntry, onGap } = given;
  // biome-ignore lint/correctness/useExhaustiveDependencies: options are read once
  const connection = useMemo(() => new GameConnection(url, player, given.options ?? {}), [url, player]);
  const state = useSyncExternalStore(connection.watch, connection.snapshot, connection.snapshot);

  useEffect(() => {
    connection.listeners = { onEntry, onGap };
  }, [connection, onEntry, onGap]);

  useEffect(() => {
    // What goes wrong is in the state. StrictMode's second mount opens the same client again: nothing is lost between.
    if (autoConnect) connection.connect().catch(() => {});
    return connection.disconnect;
  }, [connection, autoConnect]);

  const { connect, disconnect, sendCommand, createNewSession, switchToSession, getConnectionInfo } = connection;
  return {
    ...state,
    connect,
    disconnect,
    sendCommand,
    createNewSession,
    switchToSession,
    getConnectionInfo,
  };
}
