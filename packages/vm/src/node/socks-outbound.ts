import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Endpoint, Outbound } from "../network/port.ts";
import { NameAddresses } from "./name-addresses.ts";
import { toByteStream } from "./socket-stream.ts";

/** SOCKS 5, no authentication, and the one command that is used (RFC 1928). */
const VERSION = 5;
const NO_AUTHENTICATION = 0;
const CONNECT = 1;
const ADDRESS_TYPE = { ipv4: 1, name: 3, ipv6: 4 } as const;
const SUCCEEDED = 0;
/** Longest name that a request can hold. */
const NAME_BYTES_MAX = 255;

/**
 * Sends all that a guest connects to through a SOCKS 5 proxy, which decides where that may lead. Names are for the proxy to resolve: the
 * guest gets an address that stands for the name, so that a rule about a name holds for nothing else at the same address. UDP leads
 * nowhere.
 * @param open connects to the proxy; a stream whose directions end by themselves
 */
export function createSocksOutbound(open: () => Duplex): Outbound {
  const names = new NameAddresses();
  return {
    async connectTcp({ host, port }) {
      const stream = open();
      try {
        await request(stream, { host: names.nameOf(host) ?? host, port });
        return toByteStream(stream);
      } catch (error) {
        stream.destroy();
        throw error;
      }
    },
    resolve: async (name) => (name.length > NAME_BYTES_MAX ? [] : [names.addressOf(name)]),
  };
}

async function request(stream: Duplex, { host, port }: Endpoint): Promise<void> {
  const broken = new AbortController();
  stream.on("error", () => undefined); // `close` follows, and says what is to be known.
  stream.once("close", () => broken.abort());
  const read = (count: number): Promise<Buffer> => readExactly(stream, count, broken.signal);
  stream.write(Uint8Array.of(VERSION, 1, NO_AUTHENTICATION));
  const [version, method] = await read(2);
  if (version !== VERSION || method !== NO_AUTHENTICATION) throw new Error("the proxy does not let guests in");
  const name = Buffer.from(host, "latin1");
  stream.write(Buffer.of(VERSION, CONNECT, 0, ADDRESS_TYPE.name, name.length, ...name, port >>> 8, port & 255));
  const [, reply, , type] = await read(4);
  if (reply !== SUCCEEDED) throw new Error(`the proxy refused ${host}, with reply ${reply}`);
  // The address that is bound, and its port, are of no interest.
  await read((await boundBytes(type, read)) + 2);
}

async function boundBytes(type: number | undefined, read: (count: number) => Promise<Buffer>): Promise<number> {
  if (type === ADDRESS_TYPE.ipv4) return 4;
  if (type === ADDRESS_TYPE.ipv6) return 16;
  return (await read(1)).readUInt8();
}

async function readExactly(stream: Duplex, count: number, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    const bytes = stream.read(count) as Buffer | null;
    if (bytes?.length === count) return bytes;
    if (bytes !== null || stream.readableEnded) throw new Error("the proxy ended in the middle of its answer");
    await once(stream, "readable", { signal });
  }
}
