// The scenarios of tests/vectors, which every client of Mythos has to pass, by equality.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { play, type Scenario } from "./vector_player.js";

const FOLDER = join(process.cwd(), "../../tests/vectors");

const scenarios = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => {
    const file: { scenarios: Scenario[] } = JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
    return file.scenarios.map((scenario) => ({ name: `${name}: ${scenario.name}`, scenario }));
  });

test("there are at least forty scenarios", () => assert.ok(scenarios.length >= 40, `${scenarios.length}`));

for (const { name, scenario } of scenarios) {
  test(name, () => {
    const { played, end } = play(scenario);
    scenario.steps.forEach((step, number) => {
      assert.deepEqual(played[number], step, `step ${number}: ${scenario.rule}`);
    });
    assert.deepEqual(end, scenario.end);
  });

  test(`${name}, with one output taken away, is noticed`, () => {
    const step = scenario.steps.findIndex(({ expect }) => expect.length > 0);
    assert.notEqual(step, -1);
    const short = structuredClone(scenario);
    short.steps[step]?.expect.shift();
    assert.notDeepEqual(play(short).played, short.steps);
  });
}
