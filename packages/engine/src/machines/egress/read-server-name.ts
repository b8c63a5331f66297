/**
 * Reads which server a TLS client asks for (RFC 8446, 4.1.2; RFC 6066, 3). Anything out of the ordinary is refused, not skipped: the
 * server might read it differently.
 */

/** `more`: not all of the message is there yet. `name` is undefined where the client asks for none. */
export type ServerNameReading =
  | { readonly state: "more" }
  | { readonly state: "invalid" }
  | { readonly state: "read"; readonly name: string | undefined };

const [HANDSHAKE_RECORD, CLIENT_HELLO, SERVER_NAME, HOST_NAME] = [22, 1, 0, 0];
const MAX_RECORD = 16_384;
const INVALID = { state: "invalid" } as const;

/** @param bytes from the first of a connection on */
export function readServerName(bytes: Buffer): ServerNameReading {
  const message: Buffer[] = [];
  let at = 0;
  for (;;) {
    const whole = Buffer.concat(message);
    if (whole.length >= 4) {
      if (whole[0] !== CLIENT_HELLO) return INVALID;
      const end = 4 + whole.readUIntBE(1, 3);
      if (whole.length >= end) return readHello(new Fields(whole.subarray(4, end)));
    }
    if (bytes.length < at + 5) return { state: "more" };
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== HANDSHAKE_RECORD || bytes[at + 1] !== 3 || length === 0 || length > MAX_RECORD) return INVALID;
    if (bytes.length < at + 5 + length) return { state: "more" };
    message.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
}

function readHello(hello: Fields): ServerNameReading {
  try {
    hello.take(2 + 32); // version, random
    hello.vector(1); // session
    hello.vector(2); // cipher suites
    hello.vector(1); // compression methods
    if (hello.isDone) return { state: "read", name: undefined };
    const extensions = new Fields(hello.vector(2));
    hello.end();
    return { state: "read", name: readExtensions(extensions) };
  } catch (error: unknown) {
    if (error instanceof RangeError) return INVALID;
    throw error;
  }
}

function readExtensions(extensions: Fields): string | undefined {
  const names: string[] = [];
  while (!extensions.isDone) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === SERVER_NAME) names.push(readNameList(new Fields(content)));
  }
  if (names.length > 1) throw new RangeError("two lists of names");
  return names[0];
}

function readNameList(content: Fields): string {
  const list = new Fields(content.vector(2));
  content.end();
  if (list.number(1) !== HOST_NAME) throw new RangeError("not a host's name");
  const name = list.vector(2);
  list.end();
  return name.toString("latin1");
}

/** Takes fields off the front. @throws RangeError where there is less than was asked for, or something is left at the end. */
class Fields {
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#bytes.length === 0;
  }

  take(count: number): Buffer {
    if (this.#bytes.length < count) throw new RangeError("too short");
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size);
  }

  vector(lengthSize: 1 | 2): Buffer {
    return this.take(this.number(lengthSize));
  }

  end(): void {
    if (!this.isDone) throw new RangeError("too long");
  }
}
