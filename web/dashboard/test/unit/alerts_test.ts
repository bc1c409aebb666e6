import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rule } from "../../src/core/answers.js";
import { thresholdOf } from "../../src/core/thresholds.js";
import { bodyOf, formatMatchers, parseMatchers } from "../../src/parts/matchers.js";

const rule = (name: string, query: string, type: Rule["type"] = "alerting"): Rule => ({
  name,
  type,
  query,
  health: "ok",
  error: null,
  for_s: 0,
  keep_firing_for_s: 0,
});

test("a threshold is the number that a rule compares with last", () => {
  const rules = [
    rule("recorded", "mythos_x > 3", "recording"),
    rule("Health", "mythos_health < 90 and on (job, instance) mythos_active_connections >= 10"),
    rule("Slow", "histogram_quantile(0.95, sum by (le) (rate(mythos_delivery_bucket[5m]))) > 0.5"),
    rule("Ratio", "mythos_x\n> on (job) clamp_min(0.02 * mythos_y, 5)"),
  ];
  assert.deepEqual(thresholdOf(rules, "mythos_health"), { rule: "Health", value: 90 });
  assert.deepEqual(thresholdOf(rules, "mythos_delivery"), { rule: "Slow", value: 0.5 });
  assert.equal(thresholdOf(rules, "mythos_x"), null);
});

test("matchers are read as they are written, and written as they are read", () => {
  const text = 'alertname="A, B", instance=~"eu.*", wire!="sse", x!~"1"';
  assert.equal(formatMatchers(parseMatchers(text)), text);
  assert.deepEqual(parseMatchers("alertname=SlowConsumers"), [
    { name: "alertname", value: "SlowConsumers", isRegex: false, isEqual: true },
  ]);
});

test("what is no matcher is refused with its own words", () => {
  assert.throws(() => parseMatchers("a=b, nonsense"), /nonsense/);
  assert.throws(() => bodyOf({ matchers: " ", hours: 1, createdBy: "x", comment: "y" }, 0), /what to silence/);
});

test("a silence lasts the hours that were asked for", () => {
  const body = bodyOf({ matchers: "a=b", hours: 2, createdBy: " ann ", comment: "why" }, 0);
  assert.deepEqual([body.startsAt, body.endsAt], ["1970-01-01T00:00:00.000Z", "1970-01-01T02:00:00.000Z"]);
  assert.equal(body.createdBy, "ann");
});
