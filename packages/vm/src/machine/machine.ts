import type { PowerRequest } from "../devices/syscon/syscon.ts";
import { CodeCache } from "../cache/code-cache.ts";
import type { ConsolePort } from "../devices/virtio/console/console-port.ts";
import { VmError } from "../error.ts";
import { STATE } from "../memory/layout.ts";
import { codeInUse, encodeMachineCode } from "../snapshot/machine-code.ts";
import {
  captureState,
  checkState,
  enterState,
  type MachineState,
  type RestoredState,
  type WantedPages,
} from "../snapshot/machine-state.ts";
import { readSnapshot } from "../snapshot/read-snapshot.ts";
import { type SnapshotBytes, toSnapshotFile } from "../snapshot/snapshot-file.ts";
import type { HartFields } from "../snapshot/hart-fields.ts";
import { ID_BYTES, type Section } from "../snapshot/format.ts";
import { codeSection, packState, type SnapshotOptions, writeSnapshot } from "../snapshot/write-snapshot.ts";
import { HostTargetInterface } from "./host-target-interface.ts";
import { MachineLoop } from "./loop.ts";
import type { MachineConsole } from "./machine-console.ts";
import { checkFork, type ForkOptions, type MachineOptions } from "./options.ts";
import { createParts, type MachineParts, type PartsListener, restart } from "./parts.ts";
import { readStatistics, type MachineStatistics } from "./statistics.ts";
import type { MachineDevices } from "./virtio-devices.ts";

/**
 * When a machine that was restored takes in the compiled code of its snapshot, in ns of its time: what is read of it and compiled would keep
 * it from its first answer, for which it needs little of it.
 */
const CODE_AFTER_NS = 250_000_000;

/** Why `run` came to its end: what the guest asked for, or `pause` was called. */
export type MachineEnd = PowerRequest | { readonly kind: "paused" };

/** A virtual machine. */
export interface Machine {
  /** Its serial console. */
  readonly console: MachineConsole;
  /** Those of its virtio devices that the host has business with. */
  readonly devices: MachineDevices;
  /**
   * Lets it run: from power-on, or on from where it was paused. After the guest's power-off it is powered on again.
   * @returns why it ended; a guest's reset only with `noReboot`, otherwise the guest is started anew
   * @throws VmError `machine_failed` where it runs already, or the engine itself failed
   */
  run(): Promise<MachineEnd>;
  /** Lets it stand still between two instructions: its clock, too. @returns resolves when it does */
  pause(): Promise<void>;
  /** The reset button. @throws VmError `image_invalid`, `option_invalid` as `createMachine` */
  reset(): void;
  /** @returns a port of the virtio console, by its name; undefined where there is none */
  port(name: string): ConsolePort | undefined;
  stats(): MachineStatistics;
  /**
   * Takes a snapshot: all but the content of the disks, of which it has what differs under an overlay. A machine that runs stands still for
   * as long as its memory is copied, and runs on while it is compressed.
   * @throws VmError `machine_failed` where it is powered off; `option_invalid` for a delta where there is no snapshot below it
   */
  snapshot(options?: SnapshotOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Goes back to a snapshot, of this machine or one of the same parts. One that runs goes on from there. Its compiled code is not used.
   * @param snapshot or a whole one, and the deltas over it in order
   * @throws VmError `snapshot_invalid`; where a device does not fit its state, the machine is powered off, otherwise it is as before
   */
  restore(snapshot: SnapshotBytes | readonly SnapshotBytes[]): Promise<void>;
  /**
   * Makes another machine that is in the same state, and paused; this one goes on. A page is copied when the fork first looks at it, or before
   * this one writes to it; what neither does is never copied. Whatever the guest knows of itself, the state of
   * its random numbers among it, both have: to change that is up to the caller.
   * @param options that replace this machine's
   * @throws VmError `machine_failed` where it is powered off; `option_invalid` where both would write to the same disk, or share a cable
   */
  fork(options?: ForkOptions): Promise<Machine>;
  /**
   * Has the host's best compiler work on the code that is in use, the hottest first, as far as the host keeps machine code: to be called
   * before a code cache is saved, so that the next run need not. The machine stands still meanwhile.
   * @param milliseconds how long, about
   */
  optimizeCode(milliseconds: number): void;
  /** Gives back what the host lent: ends the compiler's thread, closes the disks. To be called when the machine doesn't run any more. */
  close(): void;
}

/** The machine, with what it is made of. */
export class VirtualMachine implements Machine {
  /** For what saves and restores machines. They may be changed while the machine doesn't run. */
  readonly parts: MachineParts;
  readonly #loop: MachineLoop;
  #request: PowerRequest | undefined;
  #isPauseWanted = false;
  #isOff = false;
  #running: Promise<MachineEnd> | undefined;
  /** Name of the snapshot that was taken or restored last: a delta is over that. */
  #base: Uint8Array | undefined;
  /** What waits for the end of the slice. */
  #tasks: (() => void)[] = [];

  /**
   * @param state to go on from, instead of power-on
   * @throws VmError `option_invalid`, `image_invalid`, `snapshot_invalid`
   */
  constructor(options: MachineOptions, state?: RestoredState) {
    const listener: PartsListener = {
      power: (request) => this.#power(request),
      interrupted: () => this.#loop.wake(),
    };
    this.parts = createParts(options, listener, state);
    const { processor, clock, console, symbol } = this.parts;
    const { host, sliceInstructions } = options;
    const tohost = options.hostTargetInterface === true ? symbol("tohost") : undefined;
    const htif =
      tohost === undefined ? undefined : new HostTargetInterface(this.parts, tohost, (end) => this.#power(end));
    this.#loop = new MachineLoop({
      processor,
      clock,
      host,
      onIdle: () => console.idle(),
      ...(htif === undefined ? {} : { onSlice: () => htif.look() }),
      ...(sliceInstructions === undefined ? {} : { sliceInstructions }),
    });
    if (state === undefined) return;
    this.#start(state);
    const { readCode } = state;
    if (readCode !== undefined) clock.schedule(clock.now() + CODE_AFTER_NS, () => void this.#adoptCode(readCode));
  }

  get console(): MachineConsole {
    return this.parts.console;
  }

  get devices(): MachineDevices {
    return this.parts.devices;
  }

  async run(): Promise<MachineEnd> {
    if (this.#running !== undefined) throw new VmError("machine_failed", "the machine runs already: pause it first");
    if (this.#isOff) restart(this.parts);
    this.#isOff = false;
    this.#running = this.#runToEnd();
    try {
      const end = await this.#running;
      this.#isOff = end.kind !== "paused";
      return end;
    } finally {
      this.#running = undefined;
      this.#runTasks();
    }
  }

  async pause(): Promise<void> {
    if (this.#running === undefined) return;
    this.#isPauseWanted = true;
    this.#loop.stop();
    await this.#running;
  }

  reset(): void {
    if (this.#running === undefined) restart(this.parts);
    else this.#power({ kind: "reset" });
  }

  port(name: string): ConsolePort | undefined {
    return this.devices.console?.port(name);
  }

  stats(): MachineStatistics {
    return readStatistics(this.parts, this.#loop);
  }

  async snapshot({ code = true, delta = false, ...options }: SnapshotOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { host } = this.parts.options;
    const compress = (options.compress ?? true) && (host.codecs ?? []).length > 0;
    const { sections, inUse } = await this.#betweenSlices(() => ({
      sections: this.#pack(delta, compress),
      inUse: code ? codeInUse(this.parts.processor) : new CodeCache(),
    }));
    const isCode = inUse.statistics.units > 0;
    const all = isCode ? [...sections, codeSection(encodeMachineCode(inUse, host.native))] : sections;
    return writeSnapshot(all, host, compress);
  }

  #pack(isDelta: boolean, compress: boolean): readonly Section[] {
    const base = isDelta ? this.#base : undefined;
    if (isDelta && base === undefined)
      throw new VmError("option_invalid", "there is no snapshot that a delta could be over: take a whole one first");
    const { processor, usedPages, options } = this.parts;
    const id = new Uint8Array(ID_BYTES);
    options.host.random(id);
    const state = this.#capture(isDelta ? "changed" : "used");
    const sections = packState(state, { id, compress, ...(base === undefined ? {} : { base }) });
    usedPages.settle();
    processor.hart.watchWrites();
    this.#base = id;
    return sections;
  }

  async restore(snapshot: SnapshotBytes | readonly SnapshotBytes[]): Promise<void> {
    const files = [snapshot].flat().map(toSnapshotFile);
    const { codecs = [], crc32 } = this.parts.options.host;
    const state = await readSnapshot(files, codecs, crc32);
    await this.#betweenSlices(() => this.#enter(state));
  }

  async fork(options: ForkOptions = {}): Promise<Machine> {
    checkFork(this.parts.options, options);
    return this.#betweenSlices(() => {
      const { usedPages, physical, processor } = this.parts;
      const state = this.#capture("none");
      const source = physical.lend(usedPages.spans());
      processor.hart.watchWrites();
      const code = codeInUse(processor);
      const restored = { ...state, source, readCode: () => Promise.resolve(code) };
      return new VirtualMachine({ ...this.parts.options, ...options }, restored);
    });
  }

  optimizeCode(milliseconds: number): void {
    this.parts.options.host.native?.optimize(this.parts.processor.functionsInUse(), milliseconds);
  }

  close(): void {
    this.parts.compiler?.close();
    this.parts.physical.replace(undefined);
    for (const drive of this.parts.options.drives ?? []) drive.close();
  }

  /** In the middle of an instruction: acted upon when the slice is over. What the guest does until then counts for nothing. */
  #power(request: PowerRequest): void {
    this.#request ??= request;
    this.#loop.stop();
  }

  async #runToEnd(): Promise<MachineEnd> {
    for (;;) {
      if (this.#request === undefined && !this.#isPauseWanted && this.#tasks.length === 0) await this.#runLoop();
      const request = this.#request;
      this.#request = undefined;
      if (request !== undefined && !this.#isReboot(request)) return request;
      if (request !== undefined) restart(this.parts);
      this.#runTasks();
      if (this.#isPauseWanted) {
        this.#isPauseWanted = false;
        return { kind: "paused" };
      }
    }
  }

  #isReboot({ kind }: PowerRequest): boolean {
    const { noReboot, kernel, firmware } = this.parts.options;
    return kind === "reset" && noReboot !== true && (kernel !== undefined || firmware !== undefined);
  }

  async #adoptCode(readCode: () => Promise<CodeCache>): Promise<void> {
    try {
      this.parts.processor.adopt(await readCode());
    } catch {
      // A machine does without: its code is compiled anew. The file may be closed already, with the machine.
    }
  }

  #start(state: RestoredState): void {
    try {
      this.#enter(state);
    } catch (error) {
      this.parts.compiler?.close();
      throw error;
    }
  }

  #enter(state: RestoredState): void {
    const hart = this.#check(state);
    try {
      enterState(this.parts, state, hart);
      this.#base = state.id;
      this.parts.console.resume();
      this.#isOff = false;
    } catch (error) {
      this.#isOff = true;
      if (this.#running !== undefined) this.#power({ kind: "power_off" });
      throw error;
    }
  }

  #check(state: RestoredState): HartFields {
    try {
      return checkState(this.parts, state);
    } catch (error) {
      state.source?.close();
      throw error;
    }
  }

  #capture(wanted: WantedPages): MachineState {
    if (this.#isOff) throw new VmError("machine_failed", "the machine is powered off: run it first");
    return captureState(this.parts, wanted);
  }

  /** Does something while the machine stands still: at once, or when the slice that runs is over. */
  async #betweenSlices<Result>(work: () => Result): Promise<Result> {
    if (this.#running === undefined) return work();
    return new Promise((resolve) => {
      // What it throws rejects the promise that an async function makes of it.
      this.#tasks.push(() => resolve((async () => work())()));
      this.#loop.stop();
    });
  }

  #runTasks(): void {
    for (const task of this.#tasks.splice(0)) task();
  }

  async #runLoop(): Promise<void> {
    try {
      await this.#loop.run();
    } catch (cause) {
      const { buffer } = this.parts.memory;
      const pc = new DataView(buffer).getBigUint64(STATE.pc, true).toString(16);
      throw new VmError("machine_failed", `the engine failed at the guest's address 0x${pc}: ${String(cause)}`, {
        cause,
      });
    } finally {
      this.parts.board.uart.flush();
    }
  }
}
