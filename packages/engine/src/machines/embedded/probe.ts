import { createMachine, type Machine } from "@cloister/vm";
import { nodeHost } from "@cloister/vm/node";
import type { DriverProbe } from "../port.ts";

/** Longest wait for the trial's end, in ms: it takes a tenth of that. */
const TRIAL_MS = 2500;
const MEMORY_MIB = 16;

/**
 * A program in machine mode that sums the numbers from 100,000 down to 1 in a loop, squares the sum, prints `K` on the serial port where
 * that is right modulo 2^64 and `N` where it is not, and powers off by the test device.
 */
const TRIAL_PROGRAM =
  "378501001b05056a93050000b385a5001305f5ffe31c05fe3386b502970700" +
  "0083b747039306e0046314f6009306b004370700102300d70037071000b757" +
  "00009b8757552320f7006f0000001300000000392a404b9ef35a";
const RIGHT = "K";

/** Finds out within 3 s whether the engine works here, by running a program in it. Never rejects. */
export async function probeEngine(): Promise<DriverProbe> {
  const failure = await tryEngine().catch((error: unknown) => String(error));
  if (failure === undefined)
    return {
      usable: true,
      acceleration: "tcg",
      reason: "A trial program ran on Cloister's own engine, which needs nothing but Node.",
    };
  return { usable: false, acceleration: "tcg", reason: `Cloister's own engine does not work here: ${failure}.` };
}

/** @returns undefined where the trial came to its end as it should, or else why not */
async function tryEngine(): Promise<string | undefined> {
  let said = "";
  const transmit = (bytes: Uint8Array): void => {
    said += Buffer.from(bytes).toString("latin1");
  };
  const kernel = Buffer.from(TRIAL_PROGRAM, "hex");
  const machine = await createMachine({ host: nodeHost(), kernel, memoryMib: MEMORY_MIB, serial: { transmit } });
  const end = await runWithin(machine, TRIAL_MS).finally(() => machine.close());
  if (end !== "power_off") return `a trial program ended with ${end}`;
  return said === RIGHT ? undefined : "it computes wrongly";
}

async function runWithin(machine: Machine, limitMs: number): Promise<string> {
  const timer = setTimeout(() => void machine.pause(), limitMs);
  try {
    return (await machine.run()).kind;
  } finally {
    clearTimeout(timer);
  }
}
