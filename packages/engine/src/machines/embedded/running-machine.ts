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
import { nodeHost } from "@cloister/vm/node";
import { CONSOLE_LOG, GUEST_PORTS } from "../qemu/command-line.ts";
import { IMAGE_FILES } from "../qemu/layers.ts";
import { openConsoleLog } from "./console-log.ts";
import type { ControlRequest, LaunchRecord } from "./control.ts";
import { COMMAND_LINE } from "./hardware.ts";
import { SwitchingDisk } from "./switching-disk.ts";

/** The first port of a console device is the guest's hvc0, which nobody uses: its console is the serial port. */
const UNUSED_PORT = "console";
const guestPortName = (port: number): string => `cloister.${port}`;

/** A machine that runs in this process. */
export class RunningMachine {
  readonly #machine: Machine;
  readonly #disk: SwitchingDisk;
  readonly #folder: string;
  /** Changes of what it does, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #end = Promise.withResolvers<MachineEnd>();
  #isPaused = false;

  private constructor(machine: Machine, disk: SwitchingDisk, folder: string) {
    this.#machine = machine;
    this.#disk = disk;
    this.#folder = folder;
  }

  /**
   * Makes a machine of the files in its folder.
   * @throws VmError where the image, the disk or the memory can't be had
   */
  static async open(folder: string, { layer, memoryMib, codeFolder, state }: LaunchRecord): Promise<RunningMachine> {
    const imageFolder = dirname(realpathSync(join(folder, IMAGE_FILES.disk)));
    const disk = new SwitchingDisk(join(folder, layer), imageFolder);
    const code = await openSharedCode(codeFolder);
    const machine = await createMachine({
      host: nodeHost(),
      ...(state === undefined ? bootFiles(folder) : { snapshot: readFileSync(state) }),
      memoryMib,
      ...(code === undefined ? {} : { cache: code.cache }),
      drives: [disk],
      consolePorts: [UNUSED_PORT, ...Array.from({ length: GUEST_PORTS }, (_, port) => guestPortName(port))],
      serial: { transmit: openConsoleLog(join(folder, CONSOLE_LOG)) },
      noReboot: true,
    });
    return new RunningMachine(machine, disk, folder);
  }

  /** The port of a connection to the guest agent. @param port 0 to 3 */
  guestPort(port: number): ConsolePort {
    const found = this.#machine.port(guestPortName(port));
    if (found === undefined) throw new VmError("option_invalid", `there is no guest port ${port}`);
    return found;
  }

  /** Lets it run. */
  start(): void {
    this.#go();
  }

  /** Waits until the guest powers off or resets, or somebody asks it to stop. @returns why. @throws VmError where the engine fails */
  async ended(): Promise<MachineEnd> {
    try {
      return await this.#end.promise;
    } finally {
      this.#disk.flush();
      this.#machine.close();
    }
  }

  /** Does what was asked over the control socket. */
  handle(request: ControlRequest): Promise<unknown> {
    if (request.do === "state") return Promise.resolve(this.#isPaused ? "paused" : "running");
    if (request.do === "await_guest") return this.#guestListens();
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
    // Memory is copied when it returns; what is compressed and written meanwhile is the copy.
    const saved = state === undefined ? undefined : this.#machine.snapshot();
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

  #guestListens(): Promise<void> {
    const port = this.guestPort(0);
    if (port.guestOpen) return Promise.resolve();
    return new Promise((resolve) => {
      port.onGuestOpen = () => resolve();
    });
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
