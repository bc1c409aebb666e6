import assert from "node:assert/strict";
import { test } from "node:test";
import { leave, take } from "../src/resume.js";

const RESUME = { clientId: "tab", sessionId: "s1", cursor: "e1-5", firstNumber: 7 };

function memory(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => items.set(key, text),
    removeItem: (key: string) => items.delete(key),
  } as unknown as Storage;
}

test("what a page left is taken once, so that a copy of the storage finds nothing", () => {
  const storage = memory();
  leave(storage, "key", RESUME);
  assert.deepEqual(take(storage, "another"), {});
  assert.deepEqual(take(storage, "key"), RESUME);
  assert.deepEqual(take(storage, "key"), {});
});

test("a storage that is broken or forbidden is as good as none", () => {
  const storage = memory();
  storage.setItem("key", "{");
  assert.deepEqual(take(storage, "key"), {});
  const forbidden = new Proxy({}, { get: () => assert.fail("forbidden") }) as Storage;
  leave(forbidden, "key", RESUME);
  assert.deepEqual(take(forbidden, "key"), {});
});
