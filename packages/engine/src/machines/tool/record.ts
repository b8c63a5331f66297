import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { z } from "zod";

/** Writes what a driver must remember of a machine: whole or not at all. @param file name of a file in the machine's folder */
export function writeRecord(folder: string, file: string, value: unknown): void {
  const path = join(folder, file);
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  renameSync(temporary, path);
}

/**
 * What {@link writeRecord} wrote; undefined where there is nothing.
 * @throws CloisterError `machine_failed` where it can't be read.
 */
export function readRecord<Value>(folder: string, file: string, schema: z.ZodType<Value>): Value | undefined {
  const path = join(folder, file);
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause: unknown) {
    throw new CloisterError({
      code: "machine_failed",
      message: "Expected what Cloister wrote of this machine, got something else.",
      remedy: "Remove the machine and make it again.",
      file: path,
      cause,
    });
  }
}

/** Removes what {@link writeRecord} wrote. Idempotent. */
export function removeRecord(folder: string, file: string): void {
  rmSync(join(folder, file), { force: true });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
