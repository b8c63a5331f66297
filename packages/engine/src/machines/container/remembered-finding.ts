import { createHash } from "node:crypto";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { readRecord, writeRecord } from "../tool/index.ts";
import type { Engine } from "./engine.ts";
import { engineSchema } from "./record.ts";

/** An engine that worked once, and how that came. */
export type RememberedFinding = { readonly engine: Engine; readonly reason: string };

const schema: z.ZodType<RememberedFinding> = z.object({ engine: engineSchema, reason: z.string() });

/** What worked the last time, to be tried first: undefined where nothing did. @param key names program, version and runtime */
export function rememberedFinding(cache: string, key: string): RememberedFinding | undefined {
  try {
    return readRecord(cache, fileOf(key), schema);
  } catch (error: unknown) {
    if (CloisterError.isInstance(error)) return undefined; // Unreadable is as good as nothing: it is found again.
    throw error;
  }
}

/** Keeps what worked. */
export function rememberFinding(cache: string, key: string, finding: RememberedFinding): void {
  writeRecord(cache, fileOf(key), finding);
}

function fileOf(key: string): string {
  return `container-engine-${createHash("sha256").update(key).digest("hex").slice(0, 12)}.json`;
}
