import { checksum, toHexadecimal } from "../cache/checksum.ts";
import { CodeCache } from "../cache/code-cache.ts";
import { type CacheStore, loadStoredCache, saveStoredCache } from "../cache/storage-port.ts";
import type { MachineHost } from "../machine/host.ts";
import { type BrowserAnswer, type BrowserScope, createBrowserCacheStore } from "./cache-storage.ts";

/** What is used of a worker to find out which engine it runs. */
type Web = BrowserScope<BrowserAnswer> & {
  readonly isSecureContext?: boolean;
  readonly location: { readonly href: string };
  readonly fetch: (url: string) => Promise<BrowserAnswer>;
};

/** How often it is kept, in milliseconds. */
const KEEP_EVERY_MS = 15_000;
/** A cache is saved again when it has grown by a part of this. */
const GROWTH = 0.05;

/** A code cache, and the browser's storage that it is kept in. */
export class CacheKeeper {
  readonly cache: CodeCache;
  readonly #store: CacheStore | undefined;
  readonly #engine: string;
  #savedBytes: number;

  private constructor(cache: CodeCache, engine: string, store?: CacheStore) {
    this.cache = cache;
    this.#engine = engine;
    this.#store = store;
    this.#savedBytes = cache.statistics.bytes;
  }

  /**
   * Loads what earlier pages kept. Where the browser keeps nothing (an insecure page, a private window), the cache begins empty and ends
   * with the worker.
   */
  static async open(): Promise<CacheKeeper> {
    const web = globalThis as unknown as Web;
    try {
      const engine = await identifyEngine(web);
      const store = createBrowserCacheStore(web, engine);
      const { cache } = await loadStoredCache(store, engine);
      return new CacheKeeper(cache, engine, store);
    } catch {
      return new CacheKeeper(new CodeCache(), ""); // Said above.
    }
  }

  /** Keeps the cache now and then while a machine runs, as pages are closed without a word; and when that ends. */
  async keepDuring(running: Promise<unknown>, { sleep }: Pick<MachineHost, "sleep">): Promise<void> {
    const state = { isOver: false, wake: (): void => undefined };
    const end = (): void => {
      state.isOver = true;
      state.wake();
    };
    running.then(end, end);
    while (!state.isOver) {
      await sleep(KEEP_EVERY_MS, (wake) => (state.wake = wake));
      await this.#save();
    }
    await this.#save();
  }

  async #save(): Promise<void> {
    const { bytes } = this.cache.statistics;
    if (this.#store === undefined || bytes <= this.#savedBytes * (1 + GROWTH)) return;
    this.#savedBytes = bytes;
    try {
      await saveStoredCache(this.#store, this.cache, this.#engine);
    } catch {
      // The browser has no room, or was told to keep nothing: the next page compiles anew.
    }
  }
}

/** The engine is known by its script: one that differs in a byte may compile otherwise. */
async function identifyEngine({ fetch, location }: Web): Promise<string> {
  const script = await (await fetch(location.href)).arrayBuffer();
  return `web ${toHexadecimal(checksum(new Uint8Array(script)))}`;
}
