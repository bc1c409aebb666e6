// What can go wrong, by name. `code` is a stable word; the message is for people.

/**
 * ConnectFailed: no wire could be opened in time, or every one was refused. ClientStopped: the client is closed and
 * does nothing more by itself (`session_replaced`, `displaced`, `stopped`). CommandFailed: the server, or the client on
 * its behalf, answered with an error. OutcomeUnknown: executed or not, nobody can tell, and it is not sent again.
 */
export class MythosError extends Error {
  constructor(
    override readonly name: "ConnectFailed" | "ClientStopped" | "CommandFailed" | "OutcomeUnknown",
    readonly code: string,
    message = code,
  ) {
    super(message);
  }
}
