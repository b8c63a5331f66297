import { checksum, toHexadecimal } from "../cache/checksum.ts";
import type { CacheStore } from "../cache/storage-port.ts";

/** What is used of a browser's Cache interface (Service Workers specification, section 5.4). */
export interface BrowserCache<Answer> {
  match(url: string): Promise<Answer | undefined>;
  put(url: string, answer: Answer): Promise<void>;
}

/** What is used of a browser's window or worker. `globalThis` is one in a secure context: https, or a page of this machine. */
export interface BrowserScope<Answer> {
  readonly caches: { open(name: string): Promise<BrowserCache<Answer>> };
  readonly Response: new (bytes: Uint8Array<ArrayBuffer>) => Answer;
}

/** What is used of a browser's Response. */
export interface BrowserAnswer {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The store of the browser's Cache Storage that units are in: its name, and where its entries seem to come from. */
const STORE_NAME = "cloister-units";
const ENTRY_FOLDER = "https://cloister.invalid/units/";

/**
 * Keeps an engine's cache in the browser's Cache Storage: one entry an engine, which `put` replaces as a whole. IndexedDB would do the
 * same with a schema and transactions; a cache needs neither.
 * @param engine as for `encodeCache`
 */
export function createBrowserCacheStore<Answer extends BrowserAnswer>(
  scope: BrowserScope<Answer>,
  engine: string,
): CacheStore {
  const characters = Uint8Array.from(engine, (character) => character.charCodeAt(0));
  const url = `${ENTRY_FOLDER}${toHexadecimal(checksum(characters))}`;
  return {
    async load() {
      const answer = await (await scope.caches.open(STORE_NAME)).match(url);
      return answer && new Uint8Array(await answer.arrayBuffer());
    },
    async save(bytes) {
      const store = await scope.caches.open(STORE_NAME);
      await store.put(url, new scope.Response(bytes));
    },
  };
}
