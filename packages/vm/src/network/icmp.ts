import { sumWords, toChecksum } from "./checksum.ts";
import { toView } from "./ethernet.ts";
import { IPV4_HEADER_BYTES } from "./ipv4.ts";

/** Internet Control Message Protocol (RFC 792): echoes, and words of refusal. */

const ECHO_REPLY = 0;
const DESTINATION_UNREACHABLE = 3;
const ECHO_REQUEST = 8;
const HEADER_BYTES = 8;

/** Why a packet leads nowhere (RFC 1812, section 5.2.7.1). */
export const UNREACHABLE = { port: 3, administratively: 13 } as const;

/** Answers an echo request. @returns undefined where the message is none, or damaged */
export function answerEcho(message: Uint8Array): Uint8Array | undefined {
  if (message.length < HEADER_BYTES || message[0] !== ECHO_REQUEST || message[1] !== 0) {
    return undefined;
  }
  if (toChecksum(sumWords(message)) !== 0) {
    return undefined;
  }
  const reply = message.slice();
  reply[0] = ECHO_REPLY;
  return sealed(reply);
}

/** Says that a packet leads nowhere. @param packet the guest's, with its header; the message quotes 8 bytes of its payload */
export function createUnreachable(packet: Uint8Array, code: number): Uint8Array {
  const headerBytes = ((packet[0] ?? 0) & 0xf) * 4;
  const quoted = packet.subarray(0, Math.max(headerBytes, IPV4_HEADER_BYTES) + 8);
  const message = new Uint8Array(HEADER_BYTES + quoted.length);
  message[0] = DESTINATION_UNREACHABLE;
  message[1] = code;
  message.set(quoted, HEADER_BYTES);
  return sealed(message);
}

function sealed(message: Uint8Array): Uint8Array {
  const view = toView(message);
  view.setUint16(2, 0);
  view.setUint16(2, toChecksum(sumWords(message)));
  return message;
}
