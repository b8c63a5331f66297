import assert from "node:assert/strict";
import { test } from "node:test";
import { createBrowserCacheStore, type BrowserScope } from "../browser/cache-storage.ts";
import { CodeCache } from "./code-cache.ts";
import { loadStoredCache, saveStoredCache } from "./storage-port.ts";
import { numberedPage, straightUnit } from "./testing/units.ts";

const page = numberedPage();
const ENGINE = "cloister 0.1.0 rv64gc";

function cacheOf(...offsets: readonly number[]): CodeCache {
  const cache = new CodeCache();
  for (const offset of offsets) cache.add(straightUnit(page, offset, 40));
  return cache;
}

/** A browser's Cache Storage as its specification describes it: stores by name, answers by address. */
function createScope(): BrowserScope<Response> {
  const stores = new Map<string, Map<string, Response>>();
  return {
    Response,
    caches: {
      open: async (name) => {
        const answers = stores.get(name) ?? new Map<string, Response>();
        stores.set(name, answers);
        return {
          match: async (url) => answers.get(url)?.clone(),
          put: async (url, answer) => void answers.set(url, answer),
        };
      },
    },
  };
}

test("a store that is empty gives an empty cache", async () => {
  const { cache, note } = await loadStoredCache(createBrowserCacheStore(createScope(), ENGINE), ENGINE);
  assert.deepEqual([cache.statistics.units, note], [0, undefined]);
});

test("what is saved is added to what was saved, for the same engine", async () => {
  const scope = createScope();
  const store = createBrowserCacheStore(scope, ENGINE);
  await saveStoredCache(store, cacheOf(0, 100), ENGINE);
  const mine = cacheOf(100, 200);
  const saved = await saveStoredCache(store, mine, ENGINE);
  assert.deepEqual([saved.units, mine.statistics.units], [3, 2]);
  const { cache } = await loadStoredCache(store, ENGINE);
  assert.equal(cache.statistics.units, 3);
  assert.equal(await createBrowserCacheStore(scope, "another engine").load(), undefined);
});

test("what is damaged gives an empty cache and a note, and is replaced by the next save", async () => {
  const store = createBrowserCacheStore(createScope(), ENGINE);
  await store.save(Uint8Array.of(1, 2, 3));
  const { cache, note } = await loadStoredCache(store, ENGINE);
  assert.deepEqual([cache.statistics.units, note?.includes("refused")], [0, true]);
  assert.match((await saveStoredCache(store, cacheOf(0), ENGINE)).note ?? "", /refused/v);
  assert.deepEqual((await loadStoredCache(store, ENGINE)).note, undefined);
});
