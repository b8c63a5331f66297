import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { endStream } from "./answer-refusal.ts";
import type { Client, EgressContext } from "./context.ts";
import { EgressRefusedError, toEgressRefused } from "./egress-refused-error.ts";
import { openTunnel } from "./open-tunnel.ts";
import type { EgressDoor, EgressRefusal } from "./port.ts";
import { readBytes, readUntilZero } from "./read-bytes.ts";

type Asked = { readonly host: string; readonly port: number };
/** One version of the protocol: how it asks, and the bytes with which it is answered. */
type Dialect = {
  readonly door: EgressDoor;
  readonly readRequest: (stream: Duplex) => Promise<Asked>;
  readonly granted: Buffer;
  readonly refuse: (error: EgressRefusedError) => Buffer;
};

const CONNECT = 1;
const MAX_TEXT = 255;

/** SOCKS 5 without authentication (RFC 1928). */
const SOCKS5: Dialect = {
  door: "socks5",
  readRequest: readSocks5,
  granted: replySocks5(0),
  refuse: (error) => (error instanceof DialectError ? error.reply : replySocks5(SOCKS5_REPLIES[error.refusal])),
};
/** SOCKS 4, and 4a, which lets the proxy resolve names. */
const SOCKS4: Dialect = {
  door: "socks4",
  readRequest: readSocks4,
  granted: replySocks4(90),
  refuse: () => replySocks4(91),
};

const [GENERAL_FAILURE, NOT_ALLOWED, HOST_UNREACHABLE, CONNECTION_REFUSED, UNKNOWN_COMMAND, UNKNOWN_ADDRESS] = [
  1, 2, 4, 5, 7, 8,
];
const SOCKS5_REPLIES: Readonly<Record<EgressRefusal, number>> = {
  malformed: GENERAL_FAILURE,
  not_allowed: NOT_ALLOWED,
  special_address: NOT_ALLOWED,
  wrong_secret_host: NOT_ALLOWED,
  mismatch: NOT_ALLOWED,
  unresolved: HOST_UNREACHABLE,
  unreachable: CONNECTION_REFUSED,
  busy: GENERAL_FAILURE,
};

/** Serves SOCKS on a connection of the machine. @param version its first byte, which is still to be read */
export async function serveSocks(context: EgressContext, client: Client, version: 4 | 5): Promise<void> {
  const { stream, deadline } = client;
  const dialect = version === 5 ? SOCKS5 : SOCKS4;
  let asked: Asked = { host: "", port: 0 };
  try {
    asked = await dialect.readRequest(stream);
    const target = context.router.decide(asked);
    deadline.clear();
    const upstream = await context.router.connect(target);
    context.recorder.allowed(dialect.door, target);
    stream.write(dialect.granted);
    openTunnel(context, client, { door: dialect.door, target, upstream });
  } catch (error: unknown) {
    if (stream.destroyed) return;
    const refused = toEgressRefused(error, asked);
    context.recorder.refused(dialect.door, refused);
    endStream(stream, dialect.refuse(refused));
  }
}

/** A refusal that has bytes of its own in SOCKS 5. */
class DialectError extends EgressRefusedError {
  readonly reply: Buffer;

  constructor(detail: string, reply: Buffer) {
    super("malformed", detail);
    this.reply = reply;
  }
}

async function readSocks5(stream: Duplex): Promise<Asked> {
  const [, methodCount = 0] = await need(stream, 2);
  const methods = methodCount === 0 ? Buffer.alloc(0) : await need(stream, methodCount);
  if (!methods.includes(0))
    throw new DialectError("it must let clients in without authentication.", Buffer.from([5, 255]));
  stream.write(Buffer.from([5, 0]));
  const [version, command, reserved, type] = await need(stream, 4);
  if (version !== 5 || reserved !== 0) throw new EgressRefusedError("malformed", "it is not SOCKS 5.");
  if (command !== CONNECT)
    throw new DialectError("no other command than CONNECT is known.", replySocks5(UNKNOWN_COMMAND));
  const host = await readSocks5Host(stream, type);
  return { host, port: (await need(stream, 2)).readUInt16BE() };
}

async function readSocks5Host(stream: Duplex, type: number | undefined): Promise<string> {
  switch (type) {
    case 1:
      return (await need(stream, 4)).join(".");
    case 3: {
      const [length = 0] = await need(stream, 1);
      return length === 0 ? "" : (await need(stream, length)).toString("latin1");
    }
    case 4:
      return describeIpv6(await need(stream, 16));
    case undefined:
    default:
      throw new DialectError("this type of address is not known.", replySocks5(UNKNOWN_ADDRESS));
  }
}

async function readSocks4(stream: Duplex): Promise<Asked> {
  const head = await need(stream, 8);
  const [, command, , , ...address] = head;
  if (command !== CONNECT) throw new EgressRefusedError("malformed", "no other command than CONNECT is known.");
  await needText(stream);
  // An address of 0.0.0.x stands for the name that follows: SOCKS 4a.
  const isName = address.slice(0, 3).every((byte) => byte === 0) && address[3] !== 0;
  const host = isName ? (await needText(stream)).toString("latin1") : address.join(".");
  return { host, port: head.readUInt16BE(2) };
}

async function need(stream: Duplex, count: number): Promise<Buffer> {
  const bytes = await readBytes(stream, count);
  if (bytes === undefined) throw new EgressRefusedError("malformed", "it ended in the middle of a SOCKS request.");
  return bytes;
}

async function needText(stream: Duplex): Promise<Buffer> {
  const bytes = await readUntilZero(stream, MAX_TEXT);
  if (bytes === undefined)
    throw new EgressRefusedError("malformed", "a text in its SOCKS request is too long, or has no end.");
  return bytes;
}

/** As RFC 5952 has it: the URL standard writes it the same way. */
function describeIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(":");
  const written = URL.parse(`http://[${groups}]`)?.hostname.slice(1, -1) ?? "";
  return isIPv6(written) ? written : "";
}

/** The address that is bound is nobody's business. */
function replySocks5(reply: number): Buffer {
  return Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
}

function replySocks4(reply: number): Buffer {
  return Buffer.from([0, reply, 0, 0, 0, 0, 0, 0]);
}
