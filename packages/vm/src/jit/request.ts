import type { Mode } from "../memory/layout.ts";

/** How much of the guest's code makes one unit: a short trace in a page, or all that is reached in it and the one after it. */
export type Shape = "block" | "region";

/** A place that became hot. */
export type CompileRequest = {
  /** Physical address of its first instruction. */
  readonly address: number;
  readonly mode: Mode;
  readonly shape: Shape;
  /** Of a region: small functions that it calls become parts of it. */
  readonly inlines?: boolean;
  /** Of a region: physical address of the page that comes after its own in the address space, where it may go on. */
  readonly nextPage?: number;
};

/** What a unit was compiled from, and to. */
export type CompiledUnit = CompileRequest & {
  /** The guest's code that it depends on: distances from its first instruction, in bytes. */
  readonly segments: readonly Segment[];
  /** The bytes of the segments, one after the other, as they were. */
  readonly code: Uint8Array;
  /** Distance at which the next page begins, where it goes on there. */
  readonly border: number | undefined;
  readonly instructions: number;
  readonly body: Uint8Array;
};

/** A stretch of the guest's code. */
export type Segment = { readonly distance: number; readonly length: number };

/** Units that were compiled together. Unit `n` is the module's export `u<n>`. */
export type CompiledBatch = {
  readonly module: WebAssembly.Module;
  readonly units: readonly CompiledUnit[];
};

/** Compiles beside the machine: in a worker. */
export interface UnitCompiler {
  /** Compiles what the guest's memory holds now, or a little later. Never rejects; a unit that can't be compiled is left out. */
  compile(requests: readonly CompileRequest[]): Promise<CompiledBatch | undefined>;
  /**
   * Compiles the module of units that were compiled in an earlier run. Left out: the machine does it itself, when it starts.
   * @param bytes are the compiler's from now on
   */
  load?(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module | undefined>;
  close(): void;
}
