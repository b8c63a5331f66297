import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { BootResult } from "./fuzz-boot.ts";
import type { BootsMessage, BootsOrder } from "./messages.ts";

/** What came of many boots. */
export type BootsReport = {
  readonly results: readonly BootResult[];
  /** Memory of the process after each of them, in bytes. */
  readonly residentBytes: readonly number[];
  /** The seed of a boot that did not end. */
  readonly hung?: number;
};

/** The longest of them takes some twenty seconds where nobody else works on the machine. */
const LONGEST_BOOT_MS = 300_000;

/** Boots many times in a thread; one that does not end in five minutes ends them all. @param onResult is told of each */
export async function runBoots(order: BootsOrder, onResult: (result: BootResult) => void): Promise<BootsReport> {
  const worker = new Worker(new URL("./boots-worker.ts", import.meta.url), { workerData: order });
  const [results, residentBytes]: [BootResult[], number[]] = [[], []];
  let running: number | undefined;
  const limit = setTimeout(() => void worker.terminate(), LONGEST_BOOT_MS);
  worker.on("message", (message: BootsMessage) => {
    limit.refresh();
    running = message.kind === "begun" ? message.seed : undefined;
    if (message.kind !== "ended") return;
    results.push(message.result);
    residentBytes.push(message.residentBytes);
    onResult(message.result);
  });
  await once(worker, "exit"); // What the thread throws is thrown here.
  clearTimeout(limit);
  return { results, residentBytes, ...(running === undefined ? {} : { hung: running }) };
}
