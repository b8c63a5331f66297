import { isUnicastHardware, toView } from "./ethernet.ts";

/** Dynamic Host Configuration Protocol (RFC 2131, options of RFC 2132), for a network of one guest. */

/** Ports of server and client. */
export const DHCP_PORT = { server: 67, client: 68 } as const;

const BOOT_REQUEST = 1;
const BOOT_REPLY = 2;
const ETHERNET = 1;
const MAGIC_COOKIE = 0x63825363;
const OPTIONS_OFFSET = 240;
/** Shortest message that every client takes (RFC 1542, section 2.1). */
const MESSAGE_BYTES_MIN = 300;
const LEASE_SECONDS = 86_400;
const MESSAGE = { discover: 1, offer: 2, request: 3, acknowledge: 5, refuse: 6, inform: 8 } as const;
const OPTION = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  nameServer: 6,
  mtu: 26,
  requestedAddress: 50,
  leaseSeconds: 51,
  messageType: 53,
  server: 54,
  end: 255,
} as const;

/** What the guest is told. Addresses are unsigned 32 bits. */
export type Lease = {
  readonly address: number;
  readonly subnetMask: number;
  readonly gateway: number;
  readonly nameServer: number;
};

/** Answers a client's message. @returns undefined where it is none, or wants no answer */
export function answerDhcp(request: Uint8Array, lease: Lease): Uint8Array | undefined {
  if (!isRequest(request)) {
    return undefined;
  }
  const options = parseOptions(request.subarray(OPTIONS_OFFSET));
  const answer = chooseAnswer(request, options, lease);
  return answer === undefined ? undefined : createReply(request, answer, lease);
}

function isRequest(request: Uint8Array): boolean {
  if (request.length < OPTIONS_OFFSET) {
    return false;
  }
  const view = toView(request);
  const isEthernet = view.getUint8(1) === ETHERNET && view.getUint8(2) === 6;
  return (
    view.getUint8(0) === BOOT_REQUEST &&
    isEthernet &&
    view.getUint32(236) === MAGIC_COOKIE &&
    isUnicastHardware(request.subarray(28, 34))
  );
}

function parseOptions(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  let offset = 0;
  while (offset < bytes.length) {
    const code = bytes[offset];
    if (code === undefined || code === OPTION.end) {
      break;
    }
    const length = code === OPTION.pad ? -1 : (bytes[offset + 1] ?? 0);
    if (offset + 2 + length > bytes.length) {
      break;
    }
    if (code !== OPTION.pad) {
      options.set(code, bytes.subarray(offset + 2, offset + 2 + length));
    }
    offset += 2 + length;
  }
  return options;
}

function chooseAnswer(request: Uint8Array, options: ReadonlyMap<number, Uint8Array>, lease: Lease): number | undefined {
  const server = addressOption(options, OPTION.server);
  if (server !== undefined && server !== lease.gateway) {
    return undefined;
  }
  const type = options.get(OPTION.messageType)?.[0];
  if (type === MESSAGE.discover) {
    return MESSAGE.offer;
  }
  if (type === MESSAGE.inform) {
    return MESSAGE.acknowledge;
  }
  if (type !== MESSAGE.request) {
    return undefined;
  }
  const wanted = addressOption(options, OPTION.requestedAddress) ?? toView(request).getUint32(12);
  return wanted === lease.address ? MESSAGE.acknowledge : MESSAGE.refuse;
}

function addressOption(options: ReadonlyMap<number, Uint8Array>, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 4 ? toView(value).getUint32(0) : undefined;
}

function createReply(request: Uint8Array, type: number, lease: Lease): Uint8Array {
  const reply = new Uint8Array(MESSAGE_BYTES_MIN);
  const view = toView(reply);
  reply.set([BOOT_REPLY, ETHERNET, 6, 0]);
  // Transaction, flags, the client's present address, relay and hardware address come back as they are.
  reply.set(request.subarray(4, 8), 4);
  reply.set(request.subarray(10, 16), 10);
  reply.set(request.subarray(24, 34), 24);
  view.setUint32(20, lease.gateway);
  view.setUint32(236, MAGIC_COOKIE);
  if (type !== MESSAGE.refuse && toView(request).getUint32(12) === 0) {
    view.setUint32(16, lease.address);
  }
  reply.set(createOptions(type, lease), OPTIONS_OFFSET);
  return reply;
}

function createOptions(type: number, lease: Lease): readonly number[] {
  const address = (code: number, value: number): number[] => [
    code,
    4,
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  ];
  const always = [OPTION.messageType, 1, type, ...address(OPTION.server, lease.gateway)];
  const configuration = [
    ...address(OPTION.subnetMask, lease.subnetMask),
    ...address(OPTION.router, lease.gateway),
    ...address(OPTION.nameServer, lease.nameServer),
    ...address(OPTION.leaseSeconds, LEASE_SECONDS),
    OPTION.mtu,
    2,
    1500 >> 8,
    1500 & 0xff,
  ];
  return [...always, ...(type === MESSAGE.refuse ? [] : configuration), OPTION.end];
}
