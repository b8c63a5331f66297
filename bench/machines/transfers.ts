/** How fast files go into a machine and come back, beside a pipe to a program of the host. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { OpenMachine } from "@cloister/engine/machines";
import type { Measurement } from "../measurement.ts";
import { runBare } from "./bare.ts";
import { COUNTS } from "./counts.ts";
import { repeat, timed } from "./timing.ts";

const MEGABYTES = 8;
const CHUNK_BYTES = 64 * 1024;

/** Moves a file each way. @param folder of the host, for the peer's file */
export async function measureTransfers(machine: OpenMachine, kind: string, folder: string): Promise<Measurement[]> {
  const content = randomBytes(MEGABYTES * 1e6);
  const inside = `${machine.surroundings.home}/transferred`;
  const outside = join(folder, "transferred");
  const ways = {
    into: [
      () => machine.guest.putFile(inside, chunksOf(content)),
      () => runBare("sh", ["-c", 'cat > "$0"', outside], content),
    ],
    "out of": [
      () => drain(machine.guest.getFile(inside, { maxBytes: content.byteLength })),
      () => runBare("cat", [outside]),
    ],
  } as const;
  const measurements: Measurement[] = [];
  for (const [way, [cloister, peer]] of Object.entries(ways)) {
    const rates = await repeat(COUNTS.transfers, async () => [await rateOf(cloister), await rateOf(peer)] as const);
    const round = { cloister: rates.map(([ours]) => ours), peer: rates.map(([, theirs]) => theirs) };
    const name = `A file of ${MEGABYTES} MB ${way} a ${kind}`;
    measurements.push({ name, unit: "MB/s", peer: "`cat` on the host, by a pipe", rounds: [round] });
  }
  return measurements;
}

async function rateOf(move: () => Promise<void>): Promise<number> {
  return MEGABYTES / ((await timed(move)).ms / 1000);
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += CHUNK_BYTES) yield content.subarray(at, at + CHUNK_BYTES);
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}
