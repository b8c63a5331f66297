import { resolve } from "node:path";
import { CloisterError, EXIT_CODES } from "@cloister/core";
import {
  type BlockBackend,
  createMachine,
  type Machine,
  type MachineEnd,
  type MachineHost,
  parseDriveOption,
} from "@cloister/vm";
import { nodeHost, openDisk } from "@cloister/vm/node";
import type { VmRunOptions } from "../../definitions/vm.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { type JoinedConsole, joinConsole } from "../../terminal/join-console.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { catchSignals } from "../stop-signals.ts";
import { readImage } from "./read-image.ts";
import { withVmErrors } from "./with-vm-errors.ts";
import { writeStatistics } from "./write-statistics.ts";

const USUAL_APPEND = "console=ttyS0";
const GUEST_FAILED = 1;

/** `cloister vm run`. */
export const run: CommandHandler<VmRunOptions> = ({ options }, terminal) =>
  withVmErrors(async () => {
    using signals = catchSignals({
      onStop: () => undefined,
      onImpatience: () => process.exit(EXIT_CODES.interrupted),
    });
    let joined: JoinedConsole | undefined;
    const machine = await openMachine(options, terminal, () => joined?.untilWritten());
    using stack = new DisposableStack();
    stack.defer(() => machine.close());
    joined = stack.use(joinConsole(machine.console, () => void machine.pause()));
    for (const signal of [signals.signal, terminal.closed])
      signal.addEventListener("abort", () => void machine.pause(), { once: true });
    const end = await machine.run();
    await joined.untilWritten();
    if (options.stats !== undefined) writeStatistics(resolve(terminal.cwd, options.stats), machine.stats());
    return signals.signal.aborted
      ? EXIT_CODES[signals.signal.reason as keyof typeof EXIT_CODES]
      : report(end, terminal);
  });

function report(end: MachineEnd, terminal: Terminal): number {
  if (end.kind !== "fail") return 0;
  terminal.note(`the guest reports a failure, with code ${end.code}`);
  return GUEST_FAILED;
}

/** @param untilWritten lets the machine wait for whoever reads what it prints */
async function openMachine(
  options: VmRunOptions,
  { cwd }: Terminal,
  untilWritten: () => Promise<void> | undefined,
): Promise<Machine> {
  const { kernel, initrd, firmware, memory, mode, append = USUAL_APPEND } = options;
  if (kernel === undefined && firmware === undefined)
    throw new CloisterError({
      code: "usage_invalid",
      message: "Expected a kernel to start.",
      remedy: "Add --kernel IMAGE; images come from: cloister image build --arch riscv64",
    });
  const images = {
    append,
    ...(kernel === undefined ? {} : { kernel: readImage("kernel", kernel, cwd) }),
    ...(initrd === undefined ? {} : { initrd: readImage("initial RAM disk", initrd, cwd) }),
    ...(firmware === undefined ? {} : { firmware: readImage("firmware", firmware, cwd) }),
  };
  return createMachine({
    ...images,
    host: waitingHost(untilWritten),
    drives: (options.drive ?? []).map((drive) => openDrive(drive, cwd)),
    ...(memory === undefined ? {} : { memoryMib: memory }),
    ...(mode === undefined ? {} : { mode }),
  });
}

function openDrive(text: string, cwd: string): BlockBackend {
  const { path, ...settings } = parseDriveOption(text);
  return openDisk({ path: resolve(cwd, path), ...settings });
}

/** Node, and what the machine printed must have gone before it goes on. */
function waitingHost(untilWritten: () => Promise<void> | undefined): MachineHost {
  const host = nodeHost();
  return {
    ...host,
    async breathe() {
      await host.breathe();
      await untilWritten();
    },
  };
}
