import { resolve } from "node:path";
import { CloisterError, EXIT_CODES } from "@cloister/core";
import {
  createMachine,
  type Machine,
  type MachineEnd,
  type MachineHost,
  type MachineOptions,
  type NativeCode,
} from "@cloister/vm";
import { nodeHost, openSnapshotFile } from "@cloister/vm/node";
import type { VmRunOptions } from "../../definitions/vm.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { type JoinedConsole, joinConsole } from "../../terminal/join-console.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { catchSignals } from "../stop-signals.ts";
import { type OpenCodeCache, openCodeCache } from "./code-cache.ts";
import { readImage } from "./read-image.ts";
import { openDevices, type RunDevices } from "./run-devices.ts";
import { pauseOnText, saveMachine } from "./save-machine.ts";
import { withVmErrors } from "./with-vm-errors.ts";
import { writeStatistics } from "./write-statistics.ts";

type Images = Pick<MachineOptions, "append" | "kernel" | "initrd" | "firmware" | "snapshot">;

const USUAL_APPEND = "console=ttyS0";
/** What a shell ends its prompt with, for root. */
const USUAL_PROMPT = "# ";
const GUEST_FAILED = 1;
/** How long V8 may work on the code of a machine that has ended, in milliseconds: for the next run, while this one's user waits. */
const OPTIMIZE_MS = 800;

/** `cloister vm run`. */
export const run: CommandHandler<VmRunOptions> = ({ options }, terminal) =>
  withVmErrors(async () => {
    using signals = catchSignals({
      onStop: () => undefined,
      onImpatience: () => process.exit(EXIT_CODES.interrupted),
    });
    let joined: JoinedConsole | undefined;
    const code = await openCodeCache(options, terminal);
    await using devices = await openDevices(options, terminal);
    const machine = await openMachine({ ...options, code, devices }, terminal, () => joined?.untilWritten());
    using stack = new DisposableStack();
    stack.defer(() => machine.close());
    await devices.attach(machine);
    joined = stack.use(joinConsole(machine.console, () => void machine.pause()));
    for (const signal of [signals.signal, terminal.closed])
      signal.addEventListener("abort", () => void machine.pause(), { once: true });
    const isShown = options.save === undefined ? () => false : pauseOnText(machine, options.saveOn ?? USUAL_PROMPT);
    const end = await machine.run();
    await joined.untilWritten();
    if (options.save !== undefined && !signals.signal.aborted)
      await save(machine, isShown(), resolve(terminal.cwd, options.save));
    // What came with a snapshot is not kept.
    if (code !== undefined && options.restore === undefined) machine.optimizeCode(OPTIMIZE_MS);
    await code?.save();
    if (options.stats !== undefined) writeStatistics(resolve(terminal.cwd, options.stats), machine.stats());
    return signals.signal.aborted
      ? EXIT_CODES[signals.signal.reason as keyof typeof EXIT_CODES]
      : report(end, terminal);
  });

async function save(machine: Machine, isShown: boolean, path: string): Promise<void> {
  if (isShown) return saveMachine(machine, path);
  throw new CloisterError({
    code: "machine_failed",
    message: "The machine ended before its console showed the text of --save-on: nothing was saved.",
    remedy: "Give a text that the guest prints, such as the last words of its prompt.",
  });
}

function report(end: MachineEnd, terminal: Terminal): number {
  if (end.kind !== "fail") return 0;
  terminal.note(`the guest reports a failure, with code ${end.code}`);
  return GUEST_FAILED;
}

/** @param untilWritten lets the machine wait for whoever reads what it prints */
async function openMachine(
  options: VmRunOptions & { readonly code: OpenCodeCache | undefined; readonly devices: RunDevices },
  { cwd }: Terminal,
  untilWritten: () => Promise<void> | undefined,
): Promise<Machine> {
  const { memory, mode, devices } = options;
  return createMachine({
    ...readImages(options, cwd),
    host: waitingHost(untilWritten, options.code?.native),
    ...devices.options,
    ...(memory === undefined ? {} : { memoryMib: memory }),
    ...(mode === undefined ? {} : { mode }),
    ...(options.code === undefined ? {} : { cache: options.code.cache }),
  });
}

function readImages({ kernel, initrd, bios, restore, append = USUAL_APPEND }: VmRunOptions, cwd: string): Images {
  if (kernel === undefined && bios === undefined && restore === undefined)
    throw new CloisterError({
      code: "usage_invalid",
      message: "Expected a kernel to start.",
      remedy: "Add --kernel IMAGE; images come from: cloister image build --arch riscv64",
    });
  return {
    append,
    ...(kernel === undefined ? {} : { kernel: readImage("kernel", kernel, cwd) }),
    ...(initrd === undefined ? {} : { initrd: readImage("initial RAM disk", initrd, cwd) }),
    ...(bios === undefined ? {} : { firmware: readImage("firmware", bios, cwd) }),
    ...(restore === undefined ? {} : { snapshot: openSnapshotFile(resolve(cwd, restore)) }),
  };
}

/** Node, and what the machine printed must have gone before it goes on. */
function waitingHost(untilWritten: () => Promise<void> | undefined, native: NativeCode | undefined): MachineHost {
  const host = nodeHost(native);
  return {
    ...host,
    async breathe() {
      await host.breathe();
      await untilWritten();
    },
  };
}
