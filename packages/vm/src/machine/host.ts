import type { NativeCode } from "../cache/native-code.ts";
import type { UnitCompiler } from "../jit/request.ts";
import type { BlockCodec } from "../snapshot/codec.ts";
import type { Crc32 } from "../snapshot/crc32.ts";

/** What a machine asks of whoever runs it: time, chance, and to be let go on. The engine has none of these of its own. */
export interface MachineHost {
  /** Monotonic time, in ns. */
  now(): number;
  /** Time of day, in ns since 1970-01-01 UTC. */
  wallClock(): number;
  /** Fills a buffer with bytes that nobody can guess. */
  random(into: Uint8Array): void;
  /** Lets the host do other things; resolves soon. */
  breathe(): Promise<void>;
  /**
   * Resolves after a time, or before.
   * @param milliseconds more than 0
   * @param onWake is handed what ends the sleep; calling that later does nothing
   */
  sleep(milliseconds: number, onWake: (wake: () => void) => void): Promise<void>;
  /**
   * Makes a compiler that works beside the machine, in a thread of its own. Absent: the machine compiles between two slices.
   * @param memory that it reads the guest's code from; shared, so that it can go to another thread
   */
  createCompiler?(memory: WebAssembly.Memory): UnitCompiler;
  /** What snapshots may be compressed with; new ones are with the first. Absent: they are stored as they are. */
  readonly codecs?: readonly BlockCodec[];
  /** Keeps what the host's compiler made of units with a snapshot. Absent: a machine that goes on has WebAssembly, which is compiled anew. */
  readonly native?: NativeCode;
  /** Checks snapshots faster than the engine does. Absent: the engine's own. */
  readonly crc32?: Crc32;
}
