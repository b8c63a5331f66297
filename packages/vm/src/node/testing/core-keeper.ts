/**
 * A process that interprets a program until what V8 made of the core module can be kept, in a folder of caches: `core-keeper.ts FOLDER`.
 * Prints what the program printed; how often kept code was loaded at first, and how often that went well.
 */
import { setTimeout } from "node:timers/promises";
import { join } from "node:path";
import type { NativeCode } from "../../cache/native-code.ts";
import { engineIdentity } from "../../jit/engine-identity.ts";
import { InstructionTime, TickingMachine } from "../../snapshot/testing/ticking-machine.ts";
import { openCacheFolder } from "../cache-folder.ts";
import { openNativeCode } from "../native-code.ts";
import { CountedCode } from "./counted-code.ts";

const [folder = ""] = process.argv.slice(2);
const native = (await openNativeCode(join(folder, "key"))) as NativeCode;
const store = await openCacheFolder({ folder, engine: engineIdentity(), native });
const { cache } = await store.load();
const code = new CountedCode(native);
for (let tries = 0; tries < 1000; tries++) {
  const host = Object.assign(new InstructionTime(), { native: code });
  const machine = await TickingMachine.create({ mode: "interpreter", host, cache });
  await machine.runTo(Infinity);
  if (tries === 0) process.stdout.write(`${machine.output}\n${code.loads} ${code.loaded}\n`);
  await store.save(cache);
  const { cache: kept } = await store.load();
  if (kept.core?.stored) process.exit();
  await setTimeout(1); // V8's threads optimize it beside this one.
}
throw new Error("V8 did not optimize the interpreter.");
