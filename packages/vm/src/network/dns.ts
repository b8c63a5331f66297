import { toView } from "./ethernet.ts";
import { parseAddress } from "./ipv4.ts";

/** Domain Name System messages (RFC 1035), as far as a relay of address look-ups needs them. */

/** Where names are asked for. */
export const DNS_PORT = 53;

const HEADER_BYTES = 12;
const CLASS_INTERNET = 1;
const TYPE = { a: 1, pointer: 12, aaaa: 28 } as const;
const RESPONSE_CODE = { none: 0, serverFailure: 2, nameError: 3, notImplemented: 4 } as const;
const FLAG = { response: 0x8000, operationMask: 0x7800, recursionDesired: 0x0100, recursionAvailable: 0x0080 } as const;
/** Seconds that an answer may be kept: short, because the host's own view may change. */
const TIME_TO_LIVE = 30;
/** So many fit into the 512 bytes that every client takes, whatever the name's length. */
const ADDRESSES_MAX = 12;
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/u;

/** One question. */
export type DnsQuery = {
  /** Lower case, without a final dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly operation: number;
  /** Header and question as they came, to be repeated in the answer. */
  readonly bytes: Uint8Array;
};

/** Takes a query apart. @returns undefined where it is none, or asks no or several questions */
export function parseQuery(bytes: Uint8Array): DnsQuery | undefined {
  if (bytes.length < HEADER_BYTES) {
    return undefined;
  }
  const view = toView(bytes);
  const flags = view.getUint16(2);
  const name = parseName(bytes, HEADER_BYTES);
  if ((flags & FLAG.response) !== 0 || view.getUint16(4) !== 1 || name === undefined || name.end + 4 > bytes.length) {
    return undefined;
  }
  return {
    name: name.text,
    type: view.getUint16(name.end),
    class: view.getUint16(name.end + 2),
    operation: flags & FLAG.operationMask,
    bytes: bytes.slice(0, name.end + 4),
  };
}

/** Answers a query. @param resolve as of `Outbound`; asked for well-formed names only */
export async function answerQuery(
  query: DnsQuery,
  resolve: (name: string) => Promise<readonly string[]>,
): Promise<Uint8Array> {
  if (query.operation !== 0 || query.class !== CLASS_INTERNET) {
    return createAnswer(query, RESPONSE_CODE.notImplemented);
  }
  switch (query.type) {
    case TYPE.a:
      return await answerAddress(query, resolve);
    case TYPE.aaaa:
      return createAnswer(query, RESPONSE_CODE.none);
    case TYPE.pointer:
      return createAnswer(query, RESPONSE_CODE.nameError);
    default:
      return createAnswer(query, RESPONSE_CODE.notImplemented);
  }
}

async function answerAddress(
  query: DnsQuery,
  resolve: (name: string) => Promise<readonly string[]>,
): Promise<Uint8Array> {
  if (!query.name.split(".").every((label) => LABEL.test(label))) {
    return createAnswer(query, RESPONSE_CODE.nameError);
  }
  try {
    const addresses = (await resolve(query.name)).map(parseAddress).filter((address) => address !== undefined);
    return addresses.length === 0
      ? createAnswer(query, RESPONSE_CODE.nameError)
      : createAnswer(query, RESPONSE_CODE.none, addresses.slice(0, ADDRESSES_MAX));
  } catch {
    // The host could not or would not look it up; the guest needs no more than that.
    return createAnswer(query, RESPONSE_CODE.serverFailure);
  }
}

function parseName(bytes: Uint8Array, start: number): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let offset = start;
  for (;;) {
    const length = bytes[offset];
    // Above 63 it is a pointer, which a lone question has nothing to point to with. A name has 255 bytes at most.
    if (length === undefined || length > 63 || offset + 1 + length > Math.min(bytes.length, start + 255)) {
      return undefined;
    }
    if (length === 0) {
      return { text: labels.join(".").toLowerCase(), end: offset + 1 };
    }
    labels.push(String.fromCharCode(...bytes.subarray(offset + 1, offset + 1 + length)));
    offset += 1 + length;
  }
}

function createAnswer(query: DnsQuery, code: number, addresses: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(query.bytes.length + addresses.length * 16);
  const view = toView(bytes);
  bytes.set(query.bytes);
  const kept = view.getUint16(2) & (FLAG.operationMask | FLAG.recursionDesired);
  view.setUint16(2, FLAG.response | FLAG.recursionAvailable | kept | code);
  view.setUint16(6, addresses.length);
  view.setUint32(8, 0);
  for (const [index, address] of addresses.entries()) {
    const offset = query.bytes.length + index * 16;
    view.setUint16(offset, 0xc000 | HEADER_BYTES);
    view.setUint16(offset + 2, TYPE.a);
    view.setUint16(offset + 4, CLASS_INTERNET);
    view.setUint32(offset + 6, TIME_TO_LIVE);
    view.setUint16(offset + 10, 4);
    view.setUint32(offset + 12, address);
  }
  return bytes;
}
