import { type ByteSink, createByteSink, encodeText } from "./byte-sink.ts";
import type { DeviceTreeNode, PropertyValue } from "./node.ts";

// Devicetree Specification v0.4, chapter 5: flattened devicetree (DTB) format.
const MAGIC = 0xd00d_feed;
const VERSION = 17;
const LAST_COMPATIBLE_VERSION = 16;
const HEADER_BYTES = 40;
/** The memory reservation block: nothing but the pair of zeros at its end. */
const RESERVATION_BYTES = 16;
const TOKEN = { beginNode: 1, endNode: 2, property: 3, end: 9 } as const;

/**
 * Writes a device tree as a blob.
 * @param root its name is empty
 * @see Devicetree Specification v0.4, chapter 5
 */
export function writeDeviceTree(root: DeviceTreeNode): Uint8Array<ArrayBuffer> {
  const structure = createByteSink();
  const strings = createStrings();
  writeNode(root, structure, strings);
  structure.word(TOKEN.end);
  const structureOffset = HEADER_BYTES + RESERVATION_BYTES;
  const stringsOffset = structureOffset + structure.length;
  const blob = createByteSink();
  for (const word of [
    MAGIC,
    stringsOffset + strings.sink.length,
    structureOffset,
    stringsOffset,
    HEADER_BYTES,
    VERSION,
    LAST_COMPATIBLE_VERSION,
    0,
    strings.sink.length,
    structure.length,
  ])
    blob.word(word);
  blob.bytes(new Uint8Array(RESERVATION_BYTES));
  blob.bytes(structure.take());
  blob.bytes(strings.sink.take());
  return blob.take();
}

type Strings = { readonly sink: ByteSink; offsetOf(name: string): number };

/** The strings block: each property's name once. */
function createStrings(): Strings {
  const sink = createByteSink();
  const offsets = new Map<string, number>();
  return {
    sink,
    offsetOf(name) {
      const known = offsets.get(name);
      if (known !== undefined) return known;
      const offset = sink.length;
      offsets.set(name, offset);
      sink.text(name);
      return offset;
    },
  };
}

function writeNode({ name, properties, children }: DeviceTreeNode, structure: ByteSink, strings: Strings): void {
  structure.word(TOKEN.beginNode);
  structure.text(name);
  structure.align(4);
  for (const [property, value] of Object.entries(properties)) {
    const bytes = encodeProperty(value);
    structure.word(TOKEN.property);
    structure.word(bytes.length);
    structure.word(strings.offsetOf(property));
    structure.bytes(bytes);
    structure.align(4);
  }
  for (const child of children) writeNode(child, structure, strings);
  structure.word(TOKEN.endNode);
}

function encodeProperty(value: PropertyValue): Uint8Array {
  if (value === true) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  const sink = createByteSink();
  for (const part of typeof value === "object" ? value : [value]) {
    if (typeof part === "number") sink.word(part);
    else sink.bytes(encodeText(part));
  }
  return sink.take();
}
