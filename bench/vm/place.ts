/** Where the scenario works, and what it boots there. */
import type { BootFiles } from "./boot-files.ts";
import type { NativeLoop } from "./native-loop.ts";
import { type Command, runMachine } from "./run-machine.ts";
import type { MachineTimes } from "./console-times.ts";

/** A folder that goes when all is measured. */
export type Place = { readonly folder: string; readonly files: BootFiles; readonly native: NativeLoop };

/** One machine's turn, with a look at the host's speed before it. */
export function takeTurn({ native }: Place, command: Command): Promise<MachineTimes> {
  native.look();
  return runMachine(command);
}
