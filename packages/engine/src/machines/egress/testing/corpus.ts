import type { EgressRefusal } from "../port.ts";
import { HOSTILE_HOSTS, type HostileHost } from "./hostile-hosts.ts";

/** What a program sends, and what must come of it. */
export type CorpusCase = {
  readonly name: string;
  /** Bytes as Latin-1: each sent after an answer to those before. */
  readonly parts: readonly string[];
  /** How it must be refused; or which canary alone must get it. */
  readonly outcome: EgressRefusal | CanaryName;
  /** Paths that the canary of `allowed.test` may get before the refusal. */
  readonly before?: readonly string[];
};

/** `allowed` and `wild` stand on public addresses, `local` and `local6` on loopback, allowed by address. */
export type CanaryName = "allowed" | "wild" | "local" | "local6";

/** All cases. @param port of the canaries that may be reached @param other of one that may not, on an allowed host */
export function makeCorpus(port: number, other: number): readonly CorpusCase[] {
  return [
    ...HOSTILE_HOSTS.flatMap((hostile) => hostCases(hostile, port)),
    ...portCases(port, other),
    ...proxyCases(port),
    ...framingCases(port),
    ...hiddenCases(port),
    ...tunnelCases(port),
    ...socksCases(port, other),
    ...goodCases(port),
  ];
}

/** A SOCKS 5 greeting, and a request for a name. */
export function socks5(host: string, port: number): readonly [greeting: string, request: string] {
  return ["\x05\x01\0", `\x05\x01\0\x03${String.fromCharCode(host.length)}${host}${port16(port)}`];
}

/** A SOCKS 4a request for a name. */
export function socks4a(host: string, port: number): string {
  return `\x04\x01${port16(port)}\0\0\0\x01user\0${host}\0`;
}

function port16(port: number): string {
  return String.fromCharCode(port >> 8, port & 0xff);
}

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

function hostCases({ host: written, refusal, doors }: HostileHost, port: number): readonly CorpusCase[] {
  const host = latin1(written);
  const authority = `${/^[^[]*:[^/]*:|^:/.test(host) ? `[${host}]` : host}:${port}`;
  const all: readonly (readonly ["connect" | "http" | "socks5" | "socks4a", readonly string[]])[] = [
    ["connect", [`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, get("/")]],
    ["http", [`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`]],
    ["socks5", [...socks5(host, port), get("/")]],
    ["socks4a", [socks4a(host, port), get("/")]],
  ];
  return all
    .filter(([door]) => doors?.includes(door) ?? true)
    .filter(([door]) => door !== "socks5" || host.length <= 255)
    .map(([door, parts]) => ({ name: `${door} to ${JSON.stringify(written.slice(0, 50))}`, parts, outcome: refusal }));
}

function get(path: string, host = "allowed.test"): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

function portCases(port: number, other: number): readonly CorpusCase[] {
  const cases: readonly [port: string, outcome: EgressRefusal][] = [
    ["", "malformed"],
    [":", "malformed"],
    [":0", "malformed"],
    [`:0${port}`, "malformed"],
    [`:+${port}`, "malformed"],
    [`:-${port}`, "malformed"],
    [`:${port}.0`, "malformed"],
    [`:${port}x`, "malformed"],
    [`:0x${port.toString(16)}`, "malformed"],
    [`:${port + 65_536}`, "malformed"],
    [":65536", "malformed"],
    [":999999999999999999999", "malformed"],
    [`:${port}:${port}`, "malformed"],
    [`:${other}:${port}`, "malformed"],
    [`:${port},${other}`, "malformed"],
    [`:%38`, "malformed"],
    [`:${other}`, "not_allowed"],
    [":1", "not_allowed"],
    [":65535", "not_allowed"],
  ];
  return cases.flatMap(([suffix, outcome]): readonly CorpusCase[] => {
    const authority = `allowed.test${suffix}`;
    return [
      {
        name: `connect to port ${suffix}`,
        parts: [`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, get("/")],
        outcome,
      },
      {
        name: `http to port ${suffix}`,
        parts: [`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`],
        // Without a port it is that of HTTP, which nobody allowed.
        outcome: suffix === "" ? "not_allowed" : outcome,
      },
    ];
  });
}

/** Requests to the proxy that another proxy might serve. */
function proxyCases(port: number): readonly CorpusCase[] {
  const at = `allowed.test:${port}`;
  const line = (start: string, host = at): string => `${start}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  return [...targetForms(port, at, line), ...hostForms(port, at, line), ...otherForms(port, at, line)].map(
    ([name, request, outcome]) => ({ name: `http with ${name}`, parts: [request], outcome }),
  );
}

type Line = (start: string, host?: string) => string;
type Form = readonly [name: string, request: string, outcome: EgressRefusal];

function targetForms(port: number, at: string, line: Line): readonly Form[] {
  return [
    ["a path alone", line("GET / HTTP/1.1"), "malformed"],
    ["a path of two slashes", line(`GET //${at}/ HTTP/1.1`), "malformed"],
    ["a path that holds an address", line(`GET /http://${at}/ HTTP/1.1`), "malformed"],
    ["an asterisk", line("OPTIONS * HTTP/1.1"), "malformed"],
    ["an authority", line(`GET ${at} HTTP/1.1`), "malformed"],
    ["https in absolute form", line(`GET https://${at}/ HTTP/1.1`), "malformed"],
    ["ftp in absolute form", line(`GET ftp://${at}/ HTTP/1.1`), "malformed"],
    ["file in absolute form", line("GET file:///etc/passwd HTTP/1.1"), "malformed"],
    ["ws in absolute form", line(`GET ws://${at}/ HTTP/1.1`), "malformed"],
    ["gopher in absolute form", line(`GET gopher://${at}/ HTTP/1.1`), "malformed"],
    ["a scheme in capitals", line(`GET HTTP://${at}/ HTTP/1.1`), "malformed"],
    ["one slash", line(`GET http:/${at}/ HTTP/1.1`), "malformed"],
    ["three slashes", line(`GET http:///${at}/ HTTP/1.1`), "malformed"],
    ["no slashes", line(`GET http:${at}/ HTTP/1.1`), "malformed"],
    ["backslashes", line(`GET http:\\\\${at}\\ HTTP/1.1`), "malformed"],
    ["a backslash in the path", line(`GET http://${at}/\\evil.test HTTP/1.1`), "malformed"],
    ["userinfo", line(`GET http://user:pass@${at}/ HTTP/1.1`), "malformed"],
    ["userinfo that looks like the host", line(`GET http://${at}@evil.test:${port}/ HTTP/1.1`), "malformed"],
    ["a fragment", line(`GET http://${at}/#@evil.test/ HTTP/1.1`), "malformed"],
    ["a fragment before the path", line(`GET http://${at}#@evil.test:${port}/ HTTP/1.1`), "malformed"],
    ["a question mark in the authority", line(`GET http://evil.test:${port}?@${at}/ HTTP/1.1`), "mismatch"],
    ["a space in the target", line(`GET http://${at}/ http://evil.test/ HTTP/1.1`), "malformed"],
    ["a tab in the target", line(`GET http://${at}/\thttp://evil.test/ HTTP/1.1`), "malformed"],
    ["a control character in the target", line(`GET http://${at}/\x01 HTTP/1.1`), "malformed"],
    ["a zero in the target", line(`GET http://${at}/\0 HTTP/1.1`), "malformed"],
    ["bytes beyond ASCII in the target", line(`GET http://${at}/\xff HTTP/1.1`), "malformed"],
  ];
}

function hostForms(port: number, at: string, line: Line): readonly Form[] {
  return [
    ["another Host", line(`GET http://${at}/ HTTP/1.1`, `evil.test:${port}`), "mismatch"],
    ["another port in Host", line(`GET http://${at}/ HTTP/1.1`, "allowed.test"), "mismatch"],
    ["the other way round", line(`GET http://evil.test:${port}/ HTTP/1.1`), "mismatch"],
    ["an empty Host", line(`GET http://${at}/ HTTP/1.1`, ""), "mismatch"],
    ["a Host with userinfo", line(`GET http://${at}/ HTTP/1.1`, `x@${at}`), "mismatch"],
    ["a Host with a path", line(`GET http://${at}/ HTTP/1.1`, `${at}/`), "mismatch"],
    ["a Host with a dot at its end", line(`GET http://${at}/ HTTP/1.1`, `allowed.test.:${port}`), "mismatch"],
    ["a list of hosts", line(`GET http://${at}/ HTTP/1.1`, `${at}, evil.test`), "mismatch"],
    ["two Hosts", line(`GET http://${at}/ HTTP/1.1`, `${at}\r\nHost: evil.test:${port}`), "malformed"],
    ["two equal Hosts", line(`GET http://${at}/ HTTP/1.1`, `${at}\r\nhost: ${at}`), "malformed"],
    ["no Host", `GET http://${at}/ HTTP/1.1\r\nConnection: close\r\n\r\n`, "malformed"],
    ["no Host in HTTP/1.0", `GET http://${at}/ HTTP/1.0\r\n\r\n`, "malformed"],
  ];
}

function otherForms(port: number, at: string, line: Line): readonly Form[] {
  return [
    ["HTTP/0.9", `GET http://${at}/\r\n\r\n`, "malformed"],
    ["HTTP/2.0 in text", line(`GET http://${at}/ HTTP/2.0`), "malformed"],
    ["HTTP/1.2", line(`GET http://${at}/ HTTP/1.2`), "malformed"],
    ["a small http in the version", line(`GET http://${at}/ http/1.1`), "malformed"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "malformed"],
    ["a method in small letters", line(`get http://${at}/ HTTP/1.1`), "malformed"],
    ["a method that nobody knows", line(`EVIL http://${at}/ HTTP/1.1`), "malformed"],
    ["connect in small letters", line(`connect ${at} HTTP/1.1`), "malformed"],
    ["CONNECT with a scheme", line(`CONNECT http://${at} HTTP/1.1`), "malformed"],
    ["CONNECT with a path", line(`CONNECT ${at}/ HTTP/1.1`), "malformed"],
    ["CONNECT with userinfo", line(`CONNECT user@${at} HTTP/1.1`), "malformed"],
    ["CONNECT to a path", line("CONNECT / HTTP/1.1"), "malformed"],
    ["CONNECT to nothing", line("CONNECT  HTTP/1.1"), "malformed"],
    ["CONNECT with two targets", line(`CONNECT ${at} evil.test:${port} HTTP/1.1`), "malformed"],
    ["a port that speaks TLS", "\x16\x03\x01\0\x05hello", "malformed"],
    ["something else", "SSH-2.0-OpenSSH_9.2\r\n", "malformed"],
    ["a zero", "\0", "malformed"],
    ["a line break first", `\r\n${line(`GET http://${at}/ HTTP/1.1`)}`, "malformed"],
    ["a byte order mark first", `\xef\xbb\xbf${line(`GET http://${at}/ HTTP/1.1`)}`, "malformed"],
    ["a PROXY line first", `PROXY TCP4 1.2.3.4 127.0.0.1 1 2\r\n${line(`GET http://${at}/ HTTP/1.1`)}`, "malformed"],
  ];
}

/** Requests of which two readers may disagree where they end. */
function framingCases(port: number): readonly CorpusCase[] {
  const at = `allowed.test:${port}`;
  const post = (headers: string, body: string): string =>
    `POST http://${at}/first HTTP/1.1\r\nHost: ${at}\r\n${headers}\r\n\r\n${body}`;
  const hidden = `GET http://evil.test:${port}/ HTTP/1.1\r\nHost: evil.test:${port}\r\n\r\n`;
  const cases: readonly [name: string, request: string][] = [
    ["length and coding", post("Content-Length: 4\r\nTransfer-Encoding: chunked", `0\r\n\r\n${hidden}`)],
    ["coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 4", `0\r\n\r\n${hidden}`)],
    ["two lengths", post("Content-Length: 0\r\nContent-Length: 5", "hello")],
    ["two equal lengths", post("Content-Length: 5\r\nContent-Length: 5", "hello")],
    ["a list of lengths", post("Content-Length: 5, 5", "hello")],
    ["a length with a sign", post("Content-Length: +5", "hello")],
    ["a negative length", post("Content-Length: -5", "hello")],
    ["a length in hexadecimal", post("Content-Length: 0x5", "hello")],
    ["an empty length", post("Content-Length:", "hello")],
    ["an enormous length", post("Content-Length: 99999999999999999999", "hello")],
    ["a space before the colon", post("Content-Length : 5", "hello")],
    ["a folded length", post("Content-Length:\r\n 5", "hello")],
    ["a folded header", post("X-A: a\r\n folded: b\r\nContent-Length: 0", "")],
    ["a first header that is folded", `GET http://${at}/ HTTP/1.1\r\n Host: evil.test\r\nHost: ${at}\r\n\r\n`],
    ["identity as coding", post("Transfer-Encoding: identity", "hello")],
    ["gzip and chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")],
    ["chunked twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")],
    ["chunked in two headers", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")],
    ["chunked and identity", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n")],
    ["an unknown coding", post("Transfer-Encoding: xchunked", "0\r\n\r\n")],
    ["a quoted coding", post('Transfer-Encoding: "chunked"', "0\r\n\r\n")],
    ["a coding after a vertical tab", post("Transfer-Encoding: \x0bchunked", "0\r\n\r\n")],
    ["a coding with a zero", post("Transfer-Encoding: chunked\0", "0\r\n\r\n")],
    ["a coding named as one hop's", post("Transfer-Encoding: chunked\r\nConnection: transfer-encoding", "0\r\n\r\n")],
    ["a length named as one hop's", post("Content-Length: 5\r\nConnection: content-length", "hello")],
    ["a Host named as one hop's", post("Content-Length: 0\r\nConnection: close, Host", "")],
    ["a line feed alone in the head", `GET http://${at}/ HTTP/1.1\nHost: ${at}\n\n`],
    ["a line feed alone after a header", `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\nX: y\r\n\r\n`],
    ["a carriage return alone", `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\rX: y\r\n\r\n`],
    ["a zero in a header", post("X-A: a\0b\r\nContent-Length: 0", "")],
    ["a control character in a header", post("X-A: a\x02b\r\nContent-Length: 0", "")],
    ["a zero in a header's name", post("X-\0A: a\r\nContent-Length: 0", "")],
    ["a space in a header's name", post("X A: a\r\nContent-Length: 0", "")],
    ["a header without a name", post(": a\r\nContent-Length: 0", "")],
    ["a header without a colon", post("evil\r\nContent-Length: 0", "")],
    ["a head that is too long", post(`X-A: ${"a".repeat(40_000)}\r\nContent-Length: 0`, "")],
    ["a target that is too long", `GET http://${at}/${"a".repeat(40_000)} HTTP/1.1\r\nHost: ${at}\r\n\r\n`],
  ];
  return cases.map(([name, request]) => ({ name: `a request with ${name}`, parts: [request], outcome: "malformed" }));
}

/** Requests behind others that are allowed. */
function hiddenCases(port: number): readonly CorpusCase[] {
  const at = `allowed.test:${port}`;
  const hidden = `GET http://evil.test:${port}/ HTTP/1.1\r\nHost: evil.test:${port}\r\n\r\n`;
  return [
    {
      name: "a second request on a connection, to a host that is not allowed",
      parts: [`GET http://${at}/first HTTP/1.1\r\nHost: ${at}\r\n\r\n`, hidden],
      outcome: "not_allowed",
      before: ["/first"],
    },
    {
      name: "a second request in the same packet",
      parts: [`GET http://${at}/first HTTP/1.1\r\nHost: ${at}\r\n\r\n${hidden}`],
      outcome: "not_allowed",
      before: ["/first"],
    },
    {
      name: "a request hidden behind a body",
      parts: [`POST http://${at}/first HTTP/1.1\r\nHost: ${at}\r\nContent-Length: 5\r\n\r\nhello${hidden}`],
      outcome: "not_allowed",
      before: ["/first"],
    },
    {
      name: "CONNECT after a request, to a host that is not allowed",
      parts: [
        `GET http://${at}/first HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
        `CONNECT evil.test:${port} HTTP/1.1\r\nHost: evil.test:${port}\r\n\r\n`,
      ],
      outcome: "not_allowed",
      before: ["/first"],
    },
  ];
}

/** What is said to a host that may be reached, by each door to it. */
function tunnelCases(port: number): readonly CorpusCase[] {
  const at = `allowed.test:${port}`;
  const openings: readonly [name: string, opening: readonly string[]][] = [
    ["connect", [`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`]],
    ["socks5", socks5("allowed.test", port)],
    ["socks4a", [socks4a("allowed.test", port)]],
  ];
  const evil = `evil.test:${port}`;
  const said: readonly [name: string, bytes: string, outcome: EgressRefusal][] = [
    ["CONNECT", `CONNECT ${evil} HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "mismatch"],
    ["CONNECT to itself", `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`, "mismatch"],
    ["CONNECT after line breaks", `\r\n\r\nCONNECT ${evil} HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "mismatch"],
    ["CONNECT after a space", ` CONNECT ${evil} HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "mismatch"],
    ["CONNECT with line feeds", `CONNECT ${evil} HTTP/1.1\nHost: ${evil}\n\n`, "malformed"],
    ["connect in small letters", `connect ${evil} HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "malformed"],
    ["a request in absolute form", `GET http://${evil}/ HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "mismatch"],
    ["a request in absolute form to itself", `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`, "mismatch"],
    ["a request to another Host", `GET / HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "mismatch"],
    ["a request without Host", "GET / HTTP/1.1\r\n\r\n", "malformed"],
    ["a request with two Hosts", `GET / HTTP/1.1\r\nHost: ${at}\r\nHost: ${evil}\r\n\r\n`, "malformed"],
    ["a request of an unknown method", `EVIL http://${evil}/ HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, "malformed"],
    ["a first line that has no end", `GET /${"a".repeat(40_000)}`, "mismatch"],
    ["SOCKS 5", "\x05\x01\0", "mismatch"],
    ["SOCKS 5 with two methods", "\x05\x02\0\x02", "mismatch"],
    ["SOCKS 4", "\x04\x01\x01\xbb\x0b\0\0\x09\0", "mismatch"],
    ["SOCKS 4 to bind", "\x04\x02\x01\xbb\x0b\0\0\x09\0", "mismatch"],
    ["TLS to another host", clientHello(["evil.test"]), "mismatch"],
    ["TLS to a name below it", clientHello(["www.allowed.test"]), "mismatch"],
    ["TLS to it with a dot at the end", clientHello(["allowed.test."]), "mismatch"],
    ["TLS to it with a zero", clientHello(["allowed.test\0.evil.test"]), "mismatch"],
    ["TLS to an empty name", clientHello([""]), "mismatch"],
    ["TLS that names no host", clientHello([]), "mismatch"],
    ["TLS that names two hosts", clientHello(["allowed.test", "evil.test"]), "mismatch"],
    ["TLS of which a record has no content", "\x16\x03\x01\0\0", "mismatch"],
    ["TLS of which a record is too long", "\x16\x03\x01\xff\xff", "mismatch"],
    ["TLS that begins with something else", "\x16\x03\x01\0\x04\x02\0\0\0", "mismatch"],
    ["TLS of another major version", `\x16\x02${clientHello(["allowed.test"]).slice(2)}`, "mismatch"],
    ["a greeting that is cut short inside", clientHello(["allowed.test"], -3), "mismatch"],
    ["a greeting with something after its end", clientHello(["allowed.test"], 3), "mismatch"],
  ];
  return openings.flatMap(([door, opening]) =>
    said.map(([name, bytes, outcome]): CorpusCase => ({
      name: `${name} in ${door}`,
      parts: [...opening, bytes],
      outcome,
    })),
  );
}

/** A TLS client's greeting. @param lie how much longer than it is its list of extensions claims to be, or shorter */
export function clientHello(names: readonly string[], lie = 0): string {
  const vector = (size: 1 | 2, content: string): string =>
    (size === 2 ? String.fromCharCode(content.length >> 8) : "") + String.fromCharCode(content.length & 0xff) + content;
  const lists = names.map((name) => `\0\0${vector(2, vector(2, `\0${vector(2, name)}`))}`).join("");
  const versions = `\0\x2b${vector(2, vector(1, "\x03\x04"))}`;
  const extensions = lists + versions;
  const claimed = extensions.length - lie;
  const body = `\x03\x03${"r".repeat(32)}\0${vector(2, "\x13\x01")}${vector(1, "\0")}${String.fromCharCode(claimed >> 8, claimed & 0xff)}${extensions}`;
  return `\x16\x03\x01${vector(2, `\x01\0${vector(2, body)}`)}`;
}

function socksCases(port: number, other: number): readonly CorpusCase[] {
  const at16 = port16(port);
  const cases: readonly [name: string, parts: readonly string[], outcome: EgressRefusal][] = [
    ["socks5 that must authenticate", ["\x05\x01\x02"], "malformed"],
    ["socks5 without methods", ["\x05\0"], "malformed"],
    ["socks5 that binds", ["\x05\x01\0", `\x05\x02\0\x03\x0callowed.test${at16}`], "malformed"],
    ["socks5 for UDP", ["\x05\x01\0", `\x05\x03\0\x03\x0callowed.test${at16}`], "malformed"],
    ["socks5 with an unknown command", ["\x05\x01\0", `\x05\xf0\0\x03\x0callowed.test${at16}`], "malformed"],
    ["socks5 with a reserved byte", ["\x05\x01\0", `\x05\x01\x01\x03\x0callowed.test${at16}`], "malformed"],
    ["socks5 with an unknown type", ["\x05\x01\0", `\x05\x01\0\x02\x0callowed.test${at16}`], "malformed"],
    ["socks5 that becomes socks4", ["\x05\x01\0", `\x04\x01\0\x03\x0callowed.test${at16}`], "malformed"],
    ["socks5 without a name", ["\x05\x01\0", `\x05\x01\0\x03\0${at16}`], "malformed"],
    ["socks5 to port 0", socks5("allowed.test", 0), "malformed"],
    ["socks5 to another port", socks5("allowed.test", other), "not_allowed"],
    ["socks5 to a longer name", socks5("allowed.test.evil.test", port), "not_allowed"],
    ["socks5 to an IPv4 address", ["\x05\x01\0", `\x05\x01\0\x01\x0b\0\0\x09${at16}`], "not_allowed"],
    ["socks5 to a loopback address", ["\x05\x01\0", `\x05\x01\0\x01\x7f\0\0\x09${at16}`], "not_allowed"],
    ["socks5 to 0.0.0.0", ["\x05\x01\0", `\x05\x01\0\x01\0\0\0\0${at16}`], "not_allowed"],
    ["socks5 to an IPv6 address", ["\x05\x01\0", `\x05\x01\0\x04${"\0".repeat(15)}\x02${at16}`], "not_allowed"],
    [
      "socks5 to a v4-mapped address",
      ["\x05\x01\0", `\x05\x01\0\x04${"\0".repeat(10)}\xff\xff\x7f\0\0\x01${at16}`],
      "not_allowed",
    ],
    ["socks4 to an address", [`\x04\x01${at16}\x0b\0\0\x09\0`], "not_allowed"],
    ["socks4 to a loopback address", [`\x04\x01${at16}\x7f\0\0\x09user\0`], "not_allowed"],
    ["socks4 to 0.0.0.0", [`\x04\x01${at16}\0\0\0\0\0`], "not_allowed"],
    ["socks4 that binds", [`\x04\x02${at16}\x0b\0\0\x02\0`], "malformed"],
    ["socks4 with an unknown command", [`\x04\x09${at16}\x0b\0\0\x02\0`], "malformed"],
    ["socks4 with a user's name without end", [`\x04\x01${at16}\0\0\0\x01${"u".repeat(400)}`], "malformed"],
    ["socks4a with a name without end", [`\x04\x01${at16}\0\0\0\x01\0${"a".repeat(400)}`], "malformed"],
    ["socks4a to another port", [socks4a("allowed.test", other)], "not_allowed"],
    ["socks4a to port 0", [socks4a("allowed.test", 0)], "malformed"],
  ];
  return cases.map(([name, parts, outcome]) => ({ name, parts: [...parts, get("/")], outcome }));
}

/** What must work: without these a proxy that refuses everything would pass. */
function goodCases(port: number): readonly CorpusCase[] {
  const hosts: readonly [host: string, canary: CanaryName][] = [
    ["allowed.test", "allowed"],
    ["ALLOWED.test", "allowed"],
    ["a.wild.test", "wild"],
    ["a.b.wild.test", "wild"],
    ["under_score.wild.test", "wild"],
    ["xn--bcher-kva.wild.test", "wild"],
    ["localhost", "local"],
    ["127.0.0.1", "local"],
    ["::1", "local6"],
  ];
  const of = (host: string): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const byName = hosts.flatMap(([host, outcome]): readonly CorpusCase[] => [
    {
      name: `connect to ${host}`,
      parts: [`CONNECT ${of(host)} HTTP/1.1\r\nHost: ${of(host)}\r\n\r\n`, get("/", of(host))],
      outcome,
    },
    { name: `http to ${host}`, parts: [get(`http://${of(host)}/`, of(host))], outcome },
    { name: `socks5 to ${host}`, parts: [...socks5(host, port), get("/", of(host))], outcome },
    { name: `socks4a to ${host}`, parts: [socks4a(host, port), get("/", of(host))], outcome },
  ]);
  return [...byName, ...goodSpeech(port)];
}

/** Ways of saying things that must be understood. */
function goodSpeech(port: number): readonly CorpusCase[] {
  const at16 = port16(port);
  const [local, at] = [`127.0.0.1:${port}`, `allowed.test:${port}`];
  return [
    {
      name: "socks5 to an IPv4 address",
      parts: ["\x05\x01\0", `\x05\x01\0\x01\x7f\0\0\x01${at16}`, get("/", local)],
      outcome: "local",
    },
    {
      name: "socks5 to an IPv6 address",
      parts: ["\x05\x01\0", `\x05\x01\0\x04${"\0".repeat(15)}\x01${at16}`, get("/", `[::1]:${port}`)],
      outcome: "local6",
    },
    {
      name: "socks5 with several methods",
      parts: ["\x05\x03\x02\0\x01", socks5("allowed.test", port)[1], get("/", at)],
      outcome: "allowed",
    },
    {
      name: "socks5 in one piece",
      parts: [`${socks5("allowed.test", port).join("")}${get("/", at)}`],
      outcome: "allowed",
    },
    { name: "socks4 to an address", parts: [`\x04\x01${at16}\x7f\0\0\x01\0`, get("/", local)], outcome: "local" },
    {
      name: "connect in one piece",
      parts: [`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n${get("/", at)}`],
      outcome: "allowed",
    },
    {
      name: "connect with another Host",
      parts: [`CONNECT ${at} HTTP/1.1\r\nHost: whatever\r\n\r\n`, get("/", at)],
      outcome: "allowed",
    },
    { name: "http without a path", parts: [get(`http://${at}`, at)], outcome: "allowed" },
    { name: "http with a query alone", parts: [get(`http://${at}?a=@evil.test`, at)], outcome: "allowed" },
    {
      name: "http with an address in the path",
      parts: [get(`http://${at}/http://evil.test/%00`, at)],
      outcome: "allowed",
    },
    {
      name: "http with a body in chunks",
      parts: [
        `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      ],
      outcome: "allowed",
    },
    {
      name: "http with a body of a length",
      parts: [`POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello`],
      outcome: "allowed",
    },
    { name: "HTTP/1.0", parts: [`GET http://${at}/ HTTP/1.0\r\nHost: ${at}\r\n\r\n`], outcome: "allowed" },
  ];
}
