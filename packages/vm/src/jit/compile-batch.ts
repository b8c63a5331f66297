import { FIRST_FUNCTION } from "../interpreter/generate.ts";
import { RAM_BASE, RAM_OFFSET } from "../memory/layout.ts";
import { isShared, standardImports, TYPE_INDEX, TYPES } from "../processor/core-module.ts";
import { createDecoder } from "../riscv/isa/decode.ts";
import { instructionAt } from "../riscv/isa/instructions.ts";
import { encodeModule } from "../wasm/module.ts";
import { compileUnit } from "./compile-unit.ts";
import { type BasicBlock, discoverBlocks } from "./discover.ts";
import type { CompiledBatch, CompiledUnit, CompileRequest, Segment } from "./request.ts";
import { PAGE_BYTES } from "../memory/page.ts";

/**
 * Most instructions of a unit, by shape. A region's are a multiple of a block's: where straight code goes on after a region, a block began in the
 * run before, so that the cache knows one.
 */
const LIMITS = { block: 75, region: 600 } as const;

const decode = createDecoder();

/** Compiles units to one module. @returns undefined where none of them can be compiled */
export function compileBatch(
  memory: WebAssembly.Memory,
  requests: readonly CompileRequest[],
): CompiledBatch | undefined {
  const units = requests.flatMap((request) => compileRequest(memory, request) ?? []);
  if (units.length === 0) return undefined;
  const bodies = units.map(({ body }) => body);
  return { module: new WebAssembly.Module(encodeUnits(bodies, isShared(memory))), units };
}

/** What is asked of a worker that compiles: new units, or a module of old ones. */
export type CompilerMessage =
  | { readonly requests: readonly CompileRequest[] }
  | { readonly module: Uint8Array<ArrayBuffer> };

/** What such a worker answers. */
export function answerCompilerMessage(
  memory: WebAssembly.Memory,
  message: CompilerMessage,
): CompiledBatch | WebAssembly.Module | undefined {
  if ("requests" in message) return compileBatch(memory, message.requests);
  try {
    return new WebAssembly.Module(message.module);
  } catch {
    return undefined; // The file was whole, yet not what this engine writes: these units are compiled anew.
  }
}

/**
 * A module of units' bodies; body `n` is its export `u<n>`. It takes memory of any size.
 * @param shared whether memory is shared
 */
export function encodeUnits(bodies: readonly Uint8Array[], shared: boolean): Uint8Array<ArrayBuffer> {
  return encodeModule({
    types: TYPES,
    imports: standardImports(shared),
    functions: bodies.map((body) => [TYPE_INDEX.unit, body]),
    exports: bodies.map((_, index) => [`u${index}`, FIRST_FUNCTION + index]),
  });
}

function compileRequest(memory: WebAssembly.Memory, request: CompileRequest): CompiledUnit | undefined {
  const { address, mode, shape, inlines = false, nextPage } = request;
  const offset = address % PAGE_BYTES;
  const border = PAGE_BYTES - offset;
  const pages = nextPage === undefined ? [address - offset] : [address - offset, nextPage];
  const bytes = copyPages(memory, pages);
  const blocks = discoverBlocks({
    code: new DataView(bytes.buffer),
    offset,
    shape,
    inlines,
    limit: LIMITS[shape],
    decode,
    flowOf: (instruction) => instructionAt(instruction).flow,
  });
  if (blocks.length === 0) return undefined;
  const segments = segmentsOf(blocks);
  return {
    ...request,
    segments,
    code: gather(bytes, offset, segments),
    border: blocks.some(({ isBeyond }) => isBeyond) ? border : undefined,
    instructions: blocks.reduce((sum, { instructions }) => sum + instructions.length, 0),
    body: compileUnit(blocks, { mode, shape, border }, (instruction) => instructionAt(instruction).semantics),
  };
}

/** A copy: the guest may be writing there. @param pages their physical addresses */
function copyPages(memory: WebAssembly.Memory, pages: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pages.length * PAGE_BYTES);
  pages.forEach((page, index) =>
    bytes.set(new Uint8Array(memory.buffer, RAM_OFFSET + page - RAM_BASE, PAGE_BYTES), index * PAGE_BYTES),
  );
  return bytes;
}

/** The stretches of code that blocks cover, ascending, joined where they touch. */
function segmentsOf(blocks: readonly BasicBlock[]): readonly Segment[] {
  const parts = blocks.flatMap(({ instructions }) => instructions).toSorted((a, b) => a.distance - b.distance);
  const segments: { distance: number; length: number }[] = [];
  for (const { distance, length } of parts) {
    const last = segments.at(-1);
    if (last && distance <= last.distance + last.length)
      last.length = Math.max(last.length, distance + length - last.distance);
    else segments.push({ distance, length });
  }
  return segments;
}

function gather(bytes: Uint8Array, offset: number, segments: readonly Segment[]): Uint8Array {
  const code = new Uint8Array(segments.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { distance, length } of segments) {
    code.set(bytes.subarray(offset + distance, offset + distance + length), at);
    at += length;
  }
  return code;
}
