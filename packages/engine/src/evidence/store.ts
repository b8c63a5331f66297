import { hash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EvidenceRef } from "@cloister/core";

/** Blobs by content: what a journal event is too small to hold. One folder a run. */
export interface EvidenceStore {
  /** Keeps `content` and names it. Idempotent. */
  put(content: string | Uint8Array): EvidenceRef;
  /** The blob, or undefined where it is not there or was changed since. */
  get(ref: EvidenceRef): Uint8Array | undefined;
}

/** An evidence store in `folder`, which is made where it does not exist. */
export function createEvidenceStore(folder: string): EvidenceStore {
  mkdirSync(folder, { recursive: true });
  return {
    put(content) {
      const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
      const sha256 = hash("sha256", bytes, "hex");
      const path = join(folder, sha256);
      if (!existsSync(path)) {
        writeFileSync(`${path}.${process.pid}.tmp`, bytes);
        renameSync(`${path}.${process.pid}.tmp`, path);
      }
      return { sha256, bytes: bytes.byteLength };
    },
    get(ref) {
      const path = join(folder, ref.sha256);
      if (!/^[0-9a-f]{64}$/.test(ref.sha256) || !existsSync(path)) return undefined;
      const bytes = readFileSync(path);
      return hash("sha256", bytes, "hex") === ref.sha256 ? bytes : undefined;
    },
  };
}
