// Waiting that spreads clients apart, and the end of a connection as a client takes it. Pure.
import type { CloseInfo } from "./config.js";

/** Between half and all of min(most, first * 2^(failures-1)); `failures` from 1. */
export const backoff = (random: () => number, first: number, most: number, failures: number): number =>
  Math.min(most, first * 2 ** (failures - 1)) * (0.5 + 0.5 * random());

/**
 * retry_soon: the connection was lost. retry_later: the server wants to be left alone. session_replaced: the whole
 * client stops. barred: this wire does not come back by itself. refused: not without new credentials.
 */
export type AfterClose = "retry_soon" | "retry_later" | "session_replaced" | "barred" | "refused";

const AFTER_STATUS: Record<number, AfterClose> = { 204: "barred", 401: "refused", 409: "session_replaced" };
const AFTER_CODE: Record<number, AfterClose> = {
  4001: "session_replaced",
  4002: "refused",
  4003: "barred",
  1008: "retry_later",
  1011: "retry_later",
  1013: "retry_later",
};

export const afterClose = ({ httpStatus, code }: CloseInfo): AfterClose =>
  httpStatus ? (AFTER_STATUS[httpStatus] ?? "retry_later") : (AFTER_CODE[code ?? 0] ?? "retry_soon");

/** The earliest of some times, of which each may be missing. */
export const earliest = (...times: (number | null)[]): number | null => {
  const known = times.filter((time) => time !== null);
  return known.length ? Math.min(...known) : null;
};
