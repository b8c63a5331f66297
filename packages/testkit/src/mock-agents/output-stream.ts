import type { Writable } from "node:stream";
import type { Output } from "./dialects/dialect.ts";

const MEBIBYTE = 1024 * 1024;

/** Writes, and waits until the reader has room: nothing is lost when the process exits right after. */
export function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => stream.write(data, () => resolve()));
}

/** Prints what a dialect says. */
export async function print(outputs: readonly Output[]): Promise<void> {
  for (const output of outputs) {
    if ("json" in output) await write(process.stdout, `${JSON.stringify(output.json)}\n`);
    else if ("text" in output) await write(process.stdout, output.text);
    else await write(process.stderr, `${output.stderr}\n`);
  }
}

/** Prints one line of so many MiB, which is JSON, piece by piece. */
export async function printLongLine(megabytes: number): Promise<void> {
  const piece = "x".repeat(MEBIBYTE);
  await write(process.stdout, '{"type":"padding","data":"');
  for (let printed = 0; printed < megabytes; printed += 1) await write(process.stdout, piece);
  await write(process.stdout, '"}\n');
}
