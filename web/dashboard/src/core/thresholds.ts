// Where figures begin to be bad: read off the alert rules in force, so that a chart's line is the one that wakes people.
import type { Alerts, Rule } from "./answers.js";

export interface Threshold {
  rule: string;
  /** In the metric's own unit. */
  value: number;
}

const COMPARED = /(?:>=?|<=?)\s*(-?\d+(?:\.\d+)?)(?:\s+and\b[\s\S]*)?$/;

/** The number that `metric` is compared with at the end of an alerting rule, such as `… > 0.5`; null without one. */
export function thresholdOf(rules: readonly Rule[], metric: string): Threshold | null {
  for (const { name, type, query } of rules) {
    if (type !== "alerting" || !query.includes(metric)) continue;
    const value = COMPARED.exec(query.trim())?.[1];
    if (value !== undefined) return { rule: name, value: +value };
  }
  return null;
}

export const rulesOf = (alerts: Alerts | null): readonly Rule[] => alerts?.groups?.flatMap(({ rules }) => rules) ?? [];
