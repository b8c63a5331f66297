/** A process that saves units to a cache folder: `cache-saver.ts FOLDER ENGINE FIRST-OFFSET ROUNDS`, a line of output for each save. */
import { numberedPage, straightUnit } from "../../cache/testing/units.ts";
import { openCacheFolder } from "../cache-folder.ts";

const [folder = "", engine = "", first = "0", rounds = "1"] = process.argv.slice(2);
const page = numberedPage();
const cacheFolder = await openCacheFolder({ folder, engine, waitMs: 30_000 });
for (let round = 0; round < Number(rounds); round++) {
  const { cache, note } = await cacheFolder.load();
  const { body, ...unit } = straightUnit(page, Number(first) + ((round * 2) % 400), 40);
  // A large body: writing the file takes long enough that others come in between.
  const large = new Uint8Array(100_000);
  large.set(body);
  cache.add({ ...unit, body: large });
  const saved = await cacheFolder.save(cache);
  process.stdout.write(`${note ?? saved.note ?? "saved"}\n`);
}
