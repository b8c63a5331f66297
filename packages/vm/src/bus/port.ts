/**
 * What a device sees of the machine, and the machine of a device. One narrow door for every device of every board.
 *
 * Invariants:
 * V1. What a guest writes is hostile: a device bounds and checks every address, length and index, and never throws for it.
 * V2. A device knows no wall clock, no file and no network: those come in as ports. Same inputs, same state.
 * V3. `save` and `restore` carry all that the guest could notice; a restored machine goes on as if nothing had happened.
 */

/** Bytes of one access to a register of a device. The bus splits wider ones into two of four bytes, the lower first. */
export type AccessSize = 1 | 2 | 4;

/** What a device remembers, by name. Grows by new names; a name never changes its meaning. */
export type DeviceState = {
  readonly [name: string]: number | string | boolean | Uint8Array | readonly DeviceState[] | DeviceState;
};

/** A device on the bus, seen through its registers. */
export interface BusDevice {
  /** Unique on its board: `uart0`, `virtio3`. */
  readonly name: string;
  /**
   * Reads a register.
   * @param offset from the device's base, in bytes; within its window
   * @returns unsigned, below 2^(8 * size); what is no register reads as 0
   */
  read(offset: number, size: AccessSize): number;
  /** Writes a register. @param value unsigned, below 2^(8 * size) */
  write(offset: number, size: AccessSize, value: number): void;
  /** Back to what it is at power-on. */
  reset(): void;
  save(): DeviceState;
  /** @throws VmError `snapshot_invalid` where the state is not one of this device */
  restore(state: DeviceState): void;
}

/** A device's wire to an interrupt controller. Level, not edge. */
export interface InterruptLine {
  set(high: boolean): void;
}

/** The machine's physical memory, for devices that read and write it themselves. Addresses are below 2^53. */
export interface PhysicalMemory {
  /** First address of RAM. */
  readonly base: number;
  readonly sizeBytes: number;
  /**
   * A view of RAM, to read from only.
   * @returns undefined where any of it is outside RAM
   */
  readable(address: number, length: number): Uint8Array | undefined;
  /**
   * A view of RAM, to write to. Code that was translated from there is dropped, and the pages count as dirty.
   * @returns undefined where any of it is outside RAM
   */
  writable(address: number, length: number): Uint8Array | undefined;
}

/** The machine's virtual time. */
export interface Clock {
  /** Since power-on, in ns; grows, and stands still while the machine is paused. */
  now(): number;
  /**
   * Calls back once the time has come, between two instructions.
   * @param at in ns since power-on; in the past means soon
   * @returns takes it back
   */
  schedule(at: number, callback: () => void): () => void;
}

/** What a device is made with, besides its own options. */
export type DeviceContext = {
  readonly name: string;
  readonly interrupt: InterruptLine;
  readonly memory: PhysicalMemory;
  readonly clock: Clock;
};

/** Where blocks come from and go to. Synchronous: a disk is a file, a buffer, or a layer over one. */
export interface BlockBackend {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Fills `into` from an offset. The caller keeps within the size. @throws VmError `disk_failed` */
  read(offset: number, into: Uint8Array): void;
  write(offset: number, bytes: Uint8Array): void;
  /** Makes a range read as zeroes, and gives its storage back where it can. Absent: the caller writes zeroes. */
  zero?(offset: number, length: number): void;
  flush(): void;
  close(): void;
}

/** One end of an Ethernet cable. */
export interface FrameLink {
  /** Takes a frame without checksum, 14 to 1514 bytes, away. The bytes are the caller's again when it returns. */
  send(frame: Uint8Array): void;
  /** Called with each frame that arrives. Set by the one who wants them. */
  receive: (frame: Uint8Array) => void;
  /** The machine begins anew, or is another one from now on: nothing that it had under way goes on. Absent: nobody is told. */
  reset?(): void;
}
