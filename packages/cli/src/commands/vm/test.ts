import { basename } from "node:path";
import { createMachine, type ExecutionMode } from "@cloister/vm";
import { nodeHost } from "@cloister/vm/node";
import type { VmTestOptions } from "../../definitions/vm.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { readImage } from "./read-image.ts";
import { type KeptCode, runWithKeptCode } from "./run-with-kept-code.ts";
import { withVmErrors } from "./with-vm-errors.ts";

const USUAL_TIMEOUT = 10;
const MEMORY_MIB = 16;
/** Short: a program that has reported waits in a loop until somebody looks. */
const SLICE_INSTRUCTIONS = 20_000;

/** At once: such programs run most of their code once only. */
const COMPILE_AFTER = 1;

/** What a program did. */
type Verdict = "pass" | "timeout" | { readonly failure: number };

/** How programs are run. @property timeout in seconds */
type Manner = { readonly mode: ExecutionMode; readonly timeout: number } & Partial<KeptCode>;

/** `cloister vm test`: one machine after the other, each with nothing but its program. */
export const test: CommandHandler<VmTestOptions> = ({ args, options }, terminal) =>
  withVmErrors(async () => {
    const { mode = "auto", timeout = USUAL_TIMEOUT } = options;
    let passed = 0;
    for (const path of args) {
      const verdict = await judgeIn(mode, readImage("program", path, terminal.cwd), timeout);
      if (verdict === "pass") passed++;
      print(verdict, basename(path), terminal);
    }
    return passed === args.length ? 0 : 1;
  });

/** In mode `cached` a program runs twice: what the first run compiles, the second one finds in a cache. The second counts. */
function judgeIn(mode: ExecutionMode | "cached", kernel: Uint8Array, timeout: number): Promise<Verdict> {
  if (mode !== "cached") return judge(kernel, { mode, timeout });
  return runWithKeptCode((code) => judge(kernel, { ...code, mode: "region", timeout }));
}

function print(verdict: Verdict, name: string, terminal: Terminal): void {
  terminal.print(typeof verdict === "string" ? `${verdict} ${name}` : `fail ${name} ${verdict.failure}`);
}

async function judge(kernel: Uint8Array, { timeout, ...manner }: Manner): Promise<Verdict> {
  const machine = await createMachine({
    host: nodeHost(),
    ...manner,
    kernel,
    memoryMib: MEMORY_MIB,
    background: false,
    rng: false,
    noReboot: true,
    hostTargetInterface: true,
    sliceInstructions: SLICE_INSTRUCTIONS,
    compileAfter: COMPILE_AFTER,
  });
  const timer = setTimeout(() => void machine.pause(), timeout * 1000);
  const end = await machine.run();
  clearTimeout(timer);
  machine.close();
  if (end.kind === "power_off") return "pass";
  return end.kind === "fail" ? { failure: end.code } : "timeout";
}
