import { type EgressTarget, parseEgressTarget } from "@cloister/core";
import { MAX_HEAD_BYTES } from "./limits.ts";
import { readServerName } from "./read-server-name.ts";

/** What a program's first bytes to a target are. `refused` says why in words. */
export type Opening =
  | { readonly type: "tls" }
  | { readonly type: "http" }
  | { readonly type: "other" }
  | { readonly type: "refused"; readonly detail: string };

/** Why an allowed host is not spoken to as a proxy: it would reach for the machine what the machine may not. */
export const NO_PROXY_BEHIND = "a host that may be reached may not be used as a proxy.";

const TLS_HANDSHAKE = 22;
const [SOCKS4, SOCKS5] = [4, 5];
const HTTP_REQUEST_LINE = /^[\x21-\x7e]+ .*HTTP\/[0-9]/i;
/** A word and a space: what a request line may still become. */
const MAY_BE_REQUEST_LINE = /^[!-~]{1,40}(?: |$)/;

/**
 * Judges the first bytes of a connection to a target. Hosts that may be reached could be proxies, or stand for many others: so TLS must
 * be for the target, HTTP is read by us, and SOCKS is refused.
 * @returns undefined where more bytes are needed
 */
export function judgeOpening(bytes: Buffer, target: EgressTarget): Opening | undefined {
  const [first = 0, second] = bytes;
  if (first === TLS_HANDSHAKE) return judgeTls(bytes, target);
  if (first === SOCKS4 || first === SOCKS5) {
    if (second === undefined) return undefined;
    // SOCKS 4 has a command of 1 or 2 there, SOCKS 5 a number of methods.
    const isSocks = first === SOCKS4 ? second === 1 || second === 2 : second > 0;
    return isSocks ? refused(NO_PROXY_BEHIND) : { type: "other" };
  }
  if (/[\t\n\r ]/.test(String.fromCharCode(first))) return refused("what is said to it begins with white space.");
  return judgeText(bytes);
}

function judgeTls(bytes: Buffer, target: EgressTarget): Opening | undefined {
  const reading = readServerName(bytes);
  if (reading.state === "more")
    return bytes.length > MAX_HEAD_BYTES ? refused("its TLS greeting is too long.") : undefined;
  if (reading.state === "invalid") return refused("its TLS greeting can't be read.");
  if (reading.name === undefined) {
    return target.kind === "address" ? { type: "tls" } : refused("TLS to it must name it (SNI).");
  }
  const named = parseEgressTarget(reading.name, target.port);
  return named?.host === target.host ? { type: "tls" } : refused("TLS to it names another host (SNI).");
}

function judgeText(bytes: Buffer): Opening | undefined {
  const text = bytes.subarray(0, MAX_HEAD_BYTES).toString("latin1");
  const end = text.search(/[\r\n]/);
  if (end !== -1) return { type: HTTP_REQUEST_LINE.test(text.slice(0, end)) ? "http" : "other" };
  if (!MAY_BE_REQUEST_LINE.test(text)) return { type: "other" };
  return bytes.length > MAX_HEAD_BYTES ? refused("its first line is too long.") : undefined;
}

function refused(detail: string): Opening {
  return { type: "refused", detail };
}
