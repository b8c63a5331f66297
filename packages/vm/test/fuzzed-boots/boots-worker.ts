/** Boots machine after machine, in a thread of its own: who looks on from another one can end what hangs. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { fuzzBoot } from "./fuzz-boot.ts";
import { readGuest } from "./guest.ts";
import type { BootsMessage, BootsOrder } from "./messages.ts";
import { prepareBoots } from "./prepare-boots.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const { image, seeds, seconds } = workerData as BootsOrder;
// oxlint-disable-next-line require-post-message-target-origin -- Node's workers have none
const tell = (message: BootsMessage): void => parentPort?.postMessage(message);

const material = await prepareBoots(readGuest(image));
tell({ kind: "prepared" });
const startedAt = performance.now();
for (const seed of seeds) {
  if (performance.now() - startedAt > seconds * 1000) break;
  tell({ kind: "begun", seed });
  const result = await fuzzBoot(material, seed);
  collectGarbage();
  tell({ kind: "ended", result, residentBytes: process.memoryUsage.rss() });
}
