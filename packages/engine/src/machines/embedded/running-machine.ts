/** A machine in its process: the engine, its disk, its console and its ports. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type ConsolePort,
  createMachine,
  type Machine,
  type MachineEnd,
  type MachineOptions,
  VmError,
} from "@cloister/vm";
import { nodeHost, openNativeCode, openSnapshotFile } from "@cloister/vm/node";
import type { MachinePlaces } from "../places.ts";
import { GUEST_PORTS } from "../virtual/guest-port.ts";
import { IMAGE_FILES } from "../virtual/layers.ts";
import { CONSOLE_LOG } from "../virtual/record.ts";
import { openSharedCode, type SharedCode } from "./code-cache.ts";
import { openConsoleLog } from "./console-log.ts";
import type { ControlRequest, LaunchRecord } from "./control.ts";
import { COMMAND_LINE } from "./hardware.ts";
import { SwitchingDisk } from "./switching-disk.ts";

/** The first port of a console device is the guest's hvc0, which nobody uses: its console is the serial port. */
const UNUSED_PORT = "console";
/** How long V8 may work on the code of a machine that has ended, in milliseconds: for the next ones. */
const OPTIMIZE_MS = 500;
const guestPortName = (port: number): string => `cloister.${port}`;

type Parts = {
  readonly machine: Machine;
  readonly disk: SwitchingDisk;
  readonly folder: string;
  readonly code: SharedCode | undefined;
};

/** A machine that runs in this process. */
export class RunningMachine {
  readonly #machine: Machine;
  readonly #disk: SwitchingDisk;
  readonly #folder: string;
  /** Changes of what it does, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #end = Promise.withResolvers<MachineEnd>();
  #isPaused = false;
  /** Settles when the guest agent has opened its first port. */
  readonly #listening = Promise.withResolvers<void>();
  readonly #code: SharedCode | undefined;

  private constructor({ machine, disk, folder, code }: Parts) {
    this.#machine = machine;
    this.#disk = disk;
    this.#folder = folder;
    this.#code = code;
    const port = this.guestPort(0);
    port.onGuestOpen = () => this.#listening.resolve();
    if (port.guestOpen) this.#listening.resolve();
  }

  /**
   * Makes a machine of the files in its folder.
   * @param places where machines keep what they have compiled
   * @throws VmError where the image, the disk or the memory can't be had
   */
  static async open(
    folder: string,
    { layer, memoryMib, state }: LaunchRecord,
    { code: codeFolder, codeKey }: Pick<MachinePlaces, "code" | "codeKey">,
  ): Promise<RunningMachine> {
    const imageFolder = dirname(realpathSync(join(folder, IMAGE_FILES.disk)));
    const disk = new SwitchingDisk(join(folder, layer), imageFolder);
    // Code that was loaded stays in memory: that pays for a boot, which runs much of it. What goes on in the middle has its own code with it.
    const native = await openNativeCode(codeKey);
    const code = state === undefined ? await openSharedCode(codeFolder, native) : undefined;
    const machine = await createMachine({
      host: nodeHost(native),
      ...(state === undefined ? bootFiles(folder) : { snapshot: openSnapshotFile(state) }),
      memoryMib,
      ...(code === undefined ? {} : { cache: code.cache }),
      drives: [disk],
      consolePorts: [UNUSED_PORT, ...Array.from({ length: GUEST_PORTS }, (_, port) => guestPortName(port))],
      serial: { transmit: openConsoleLog(join(folder, CONSOLE_LOG)) },
      noReboot: true,
    });
    return new RunningMachine({ machine, disk, folder, code });
  }

  /** The port of a connection to the guest agent. @param port 0 to 3 */
  guestPort(port: number): ConsolePort {
    const found = this.#machine.port(guestPortName(port));
    if (found === undefined) throw new VmError("option_invalid", `there is no guest port ${port}`);
    return found;
  }

  /** Lets it run. What was newly compiled until the guest agent listens is kept then: that is what the next machine starts with. */
  start(): void {
    this.#go();
    // The machine stands still for it.
    void this.#listening.promise.then(() => (this.#code?.hasGrown() === true ? this.#code.save() : undefined));
  }

  /** Waits until the guest powers off or resets, or somebody asks it to stop. @returns why. @throws VmError where the engine fails */
  async ended(): Promise<MachineEnd> {
    try {
      return await this.#end.promise;
    } finally {
      this.#disk.flush();
      if (this.#code?.hasGrown() === true) this.#machine.optimizeCode(OPTIMIZE_MS);
      this.#machine.close();
      await this.#code?.save();
    }
  }

  /** Does what was asked over the control socket. */
  handle(request: ControlRequest): Promise<unknown> {
    if (request.do === "state") return Promise.resolve(this.#isPaused ? "paused" : "running");
    if (request.do === "await_guest") return this.#listening.promise;
    if (request.do === "stats") return Promise.resolve(this.#machine.stats());
    return this.#inTurn(() => this.#change(request));
  }

  async #change(request: ControlRequest): Promise<unknown> {
    if (request.do === "pause") return this.#pause();
    if (request.do === "resume") return this.#isPaused ? this.#go() : undefined;
    if (request.do === "snapshot") return this.#save(request);
    await this.#machine.pause();
    this.#end.resolve({ kind: "paused" });
    return undefined;
  }

  async #pause(): Promise<void> {
    this.#isPaused = true;
    await this.#machine.pause();
  }

  #go(): void {
    this.#isPaused = false;
    this.#machine.run().then((end) => {
      if (end.kind !== "paused") this.#end.resolve(end);
    }, this.#end.reject);
  }

  /** Holds the disk, and memory at the same moment where that is wanted. @returns how long the machine stood still, in ms */
  async #save({ layer, state }: { readonly layer: string; readonly state?: string | undefined }): Promise<number> {
    const begun = performance.now();
    await this.#machine.pause();
    // Memory is copied when it returns; what is written meanwhile is the copy. It is not compressed: whoever goes on from there reads only
    // what it looks at, and machines that go on from the same file share its pages in the host's cache.
    const saved = state === undefined ? undefined : this.#machine.snapshot({ compress: false });
    saved?.catch(() => undefined); // It is awaited below, unless the disk fails first.
    try {
      this.#disk.switchTo(join(this.#folder, layer));
    } finally {
      if (!this.#isPaused) this.#go();
    }
    const pausedMs = performance.now() - begun;
    if (state !== undefined && saved !== undefined) await writeFile(state, await saved, { flag: "wx", mode: 0o600 });
    return pausedMs;
  }

  #inTurn(act: () => Promise<unknown>): Promise<unknown> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined); // Whoever asked is told.
    return turn;
  }
}

function bootFiles(folder: string): Pick<MachineOptions, "kernel" | "initrd" | "append"> {
  const initrd = join(folder, IMAGE_FILES.initrd);
  return {
    kernel: readFileSync(join(folder, IMAGE_FILES.kernel)),
    ...(existsSync(initrd) ? { initrd: readFileSync(initrd) } : {}),
    append: COMMAND_LINE,
  };
}
