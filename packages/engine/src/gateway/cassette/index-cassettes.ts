import { CloisterError } from "@cloister/core";
import type { IndexedExchange } from "./match-exchange.ts";
import { readPlaces } from "./read-cassette.ts";
import { toRequestKey } from "./request-key.ts";

/** Enough for a month of one agent's work; more would be an attack on memory. */
const MAX_INDEXED = 200_000;

/**
 * Reads cassettes, and keeps of each exchange what requests are compared by: its bytes stay on disk.
 * @returns exchanges in the order in which their requests came, cassette by cassette.
 * @throws CloisterError `usage_invalid` where one can't be read, or they hold nothing, or too much.
 */
export async function indexCassettes(paths: readonly string[]): Promise<readonly IndexedExchange[]> {
  const indexed: IndexedExchange[] = [];
  for (const [cassette, path] of paths.entries()) {
    for await (const { offset, exchange } of readPlaces(path)) {
      const { method, path: asked, requestHeaders: headers, requestBody, time } = exchange;
      const key = toRequestKey({ method, path: asked, headers, body: Buffer.from(requestBody) });
      indexed.push({ cassette, offset, time, key });
      if (indexed.length > MAX_INDEXED) throw unusable(`more than ${MAX_INDEXED}`);
    }
  }
  if (indexed.length === 0) throw unusable("none");
  return indexed.sort((a, b) => a.cassette - b.cassette || a.time - b.time || a.offset - b.offset);
}

function unusable(found: string): CloisterError {
  const message = `Expected cassettes with 1 to ${MAX_INDEXED} exchanges, found ${found}.`;
  return new CloisterError({ code: "usage_invalid", message, remedy: "Name a folder given to --record." });
}
