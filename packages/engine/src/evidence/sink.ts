import { createHash, randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { EvidenceRef } from "@cloister/core";

/** Most bytes that a sink keeps; what comes after is dropped, and the last line says so. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Evidence that is written as it comes, in memory of a few bytes. */
export interface EvidenceSink {
  readonly write: (chunk: Uint8Array) => void;
  /** Ends it and names it. Nothing may be written afterwards. */
  readonly finish: () => EvidenceRef;
}

/** A sink into the evidence store at `folder`. */
export function createEvidenceSink(folder: string): EvidenceSink {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `.${randomUUID()}.tmp`);
  const file = openSync(path, "wx");
  const digest = createHash("sha256");
  let bytes = 0;
  let dropped = 0;
  const put = (chunk: Uint8Array): void => {
    writeSync(file, chunk);
    digest.update(chunk);
    bytes += chunk.byteLength;
  };
  return {
    write(chunk) {
      if (bytes + chunk.byteLength <= MOST_BYTES) put(chunk);
      else dropped += chunk.byteLength;
    },
    finish() {
      if (dropped > 0) put(Buffer.from(`\n[${dropped} more bytes were not kept]\n`));
      closeSync(file);
      const sha256 = digest.digest("hex");
      const kept = join(folder, sha256);
      // The same was said before. Renaming over it would make the file system write the content out first: milliseconds.
      if (existsSync(kept)) rmSync(path);
      else renameSync(path, kept);
      return { sha256, bytes };
    },
  };
}
