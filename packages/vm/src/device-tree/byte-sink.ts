/** Bytes that grow, big-endian. */
export interface ByteSink {
  readonly length: number;
  word(value: number): void;
  bytes(value: Uint8Array): void;
  /** A string and its NUL. */
  text(value: string): void;
  /** Fills up with zeros. */
  align(to: number): void;
  take(): Uint8Array<ArrayBuffer>;
}

/** Makes an empty one. */
export function createByteSink(): ByteSink {
  let buffer = new Uint8Array(1024);
  let length = 0;
  /** Moves on by `count` zeroed bytes. @returns where they begin */
  const advance = (count: number): number => {
    const start = length;
    length += count;
    if (length > buffer.length) {
      const larger = new Uint8Array(Math.max(length, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
    }
    return start;
  };
  const bytes = (value: Uint8Array): void => {
    const start = advance(value.length);
    buffer.set(value, start);
  };
  return {
    get length() {
      return length;
    },
    word(value) {
      const start = advance(4);
      new DataView(buffer.buffer).setUint32(start, value);
    },
    bytes,
    text(value) {
      bytes(encodeText(value));
    },
    align(to) {
      advance((to - (length % to)) % to);
    },
    take: () => buffer.slice(0, length),
  };
}

/** UTF-8 and a NUL; done by hand because ECMAScript itself has no encoder. */
export function encodeText(value: string): Uint8Array<ArrayBuffer> {
  const escaped = encodeURIComponent(value.toWellFormed());
  const bytes = escaped.match(/%..|./g) ?? [];
  return Uint8Array.from([...bytes.map(toByte), 0]);
}

function toByte(escaped: string): number {
  return escaped.length === 1 ? escaped.charCodeAt(0) : Number.parseInt(escaped.slice(1), 16);
}
