import { breach } from "./breach.ts";

const FIELD_HEADER = 5;
const LONGEST_TEXT = 256;

/** A field to send: numbers are sent as u64, texts as UTF-8. */
export type Field = readonly [tag: number, value: number | string | Uint8Array];

/** Encodes fields: each a tag (u8), a length (u32, little endian) and its bytes. */
export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([tag, value]) => {
      const bytes = toBytes(value);
      const header = Buffer.alloc(FIELD_HEADER);
      header.writeUInt8(tag, 0);
      header.writeUInt32LE(bytes.byteLength, 1);
      return [header, bytes];
    }),
  );
}

function toBytes(value: number | string | Uint8Array): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (typeof value !== "number") return value;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value), 0);
  return bytes;
}

/** Fields that the guest sent. The last of a tag counts. */
export class Fields {
  readonly #values = new Map<number, Buffer>();

  /** @throws CloisterError `machine_failed` where the bytes are no fields. */
  constructor(payload: Buffer) {
    let at = 0;
    while (at < payload.length) {
      const size = payload.length - at < FIELD_HEADER ? Infinity : payload.readUInt32LE(at + 1);
      const from = at + FIELD_HEADER;
      if (size > payload.length - from) throw breach("a field is longer than its frame");
      this.#values.set(payload.readUInt8(at), Buffer.from(payload.subarray(from, from + size)));
      at = from + size;
    }
  }

  /** A number; undefined where it was not sent. @throws CloisterError where it is none, or beyond 2^53 */
  number(tag: number): number | undefined {
    const bytes = this.#values.get(tag);
    if (bytes === undefined) return undefined;
    const value = bytes.length === 8 ? Number(bytes.readBigUInt64LE(0)) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw breach(`field ${tag} is not a number`);
    return value;
  }

  /** A text of 256 characters at most, control characters replaced; undefined where it was not sent. */
  text(tag: number): string | undefined {
    const bytes = this.#values.get(tag);
    // eslint-disable-next-line eslint/no-control-regex -- they are what is looked for
    return bytes?.toString("utf8", 0, LONGEST_TEXT).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\u{FFFD}");
  }
}
