import { ByteWriter } from "./byte-writer.ts";
import type { FunctionType } from "./function-writer.ts";

/** What a module takes from outside, in this order: memory, table, functions. */
export type ModuleImports = {
  readonly memory: { readonly pages: number; readonly maximum: number; readonly shared: boolean };
  /** Name and type (index) of each function, from the module "host". */
  readonly functions: readonly (readonly [string, number])[];
};

/** A module to encode. Functions are numbered after the imported ones. */
export type ModuleSpec = {
  readonly types: readonly FunctionType[];
  readonly imports: ModuleImports;
  /** Type (index) and body of each function. A body is without its length. */
  readonly functions: readonly (readonly [number, Uint8Array])[];
  /** Names of functions, by index (imports counted). */
  readonly exports: readonly (readonly [string, number])[];
};

/** What a function takes besides its body, about: type, length, name. In bytes. */
const ROOM_BESIDE_BODY = 20;

/** Encodes a module: WebAssembly Core Specification 2.0, chapter 5.5. */
export function encodeModule(spec: ModuleSpec): Uint8Array<ArrayBuffer> {
  const size = spec.functions.reduce((sum, [, body]) => sum + body.length + ROOM_BESIDE_BODY, 4096);
  const out = new ByteWriter(size);
  out.bytes(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  section(out, 1, spec.types, writeType);
  writeImports(out, spec.imports);
  section(out, 3, spec.functions, (writer, [type]) => writer.unsigned(type));
  section(out, 7, spec.exports, (writer, [name, index]) => {
    writer.text(name);
    writer.byte(0);
    writer.unsigned(index);
  });
  section(out, 10, spec.functions, (writer, [, body]) => {
    writer.unsigned(body.length);
    writer.bytes(body);
  });
  return out.view();
}

function section<T>(
  out: ByteWriter,
  id: number,
  items: readonly T[],
  write: (writer: ByteWriter, item: T) => void,
): void {
  out.byte(id);
  const at = out.length;
  out.padded(0);
  const start = out.length;
  out.unsigned(items.length);
  for (const item of items) write(out, item);
  out.patch(at, out.length - start);
}

function writeType(writer: ByteWriter, { parameters, results }: FunctionType): void {
  writer.byte(0x60);
  for (const list of [parameters, results]) {
    writer.unsigned(list.length);
    for (const type of list) writer.byte(type);
  }
}

function writeImports(out: ByteWriter, { memory, functions }: ModuleImports): void {
  const writers: ((writer: ByteWriter) => void)[] = [
    (writer) => {
      writer.text("memory");
      writer.byte(2);
      writer.byte(memory.shared ? 3 : 1);
      writer.unsigned(memory.pages);
      writer.unsigned(memory.maximum);
    },
    (writer) => {
      writer.text("table");
      writer.bytes(Uint8Array.of(1, 0x70, 0));
      writer.unsigned(0);
    },
    ...functions.map(([name, type]) => (writer: ByteWriter): void => {
      writer.text(name);
      writer.byte(0);
      writer.unsigned(type);
    }),
  ];
  section(out, 2, writers, (writer, write) => {
    writer.text("host");
    write(writer);
  });
}
