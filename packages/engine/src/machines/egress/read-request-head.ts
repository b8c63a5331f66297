import type { IncomingMessage } from "node:http";
import { describeEgressRule, type EgressTarget, parseEgressAuthority } from "@cloister/core";
import { EgressRefusedError } from "./egress-refused-error.ts";
import type { Header, SecretiveHead } from "./secrets.ts";

/** Where all requests of a connection go that was made for one host and port. */
export type Site = { readonly target: EgressTarget; readonly isSecure: boolean };

/** A request that all readers read alike. `path` begins with a slash; headers are as they came. */
export type RequestHead = SecretiveHead & { readonly target: EgressTarget };

const ABSOLUTE_FORM = /^http:\/\/([^/?]*)([/?].*)?$/;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/**
 * Reads a request's head. What the HTTP parser has let through is checked for all that another parser might read differently.
 * @param site undefined for a proxy's own requests, which say where they go (RFC 9112, 3.2.2)
 * @throws EgressRefusedError `malformed`, or `mismatch` where a request says two things about where it goes
 */
export function readRequestHead(request: IncomingMessage, site: Site | undefined): RequestHead {
  const headers = pairHeaders(request.rawHeaders);
  if (request.httpVersionMajor !== 1) throw new EgressRefusedError("malformed", "it is not HTTP/1.1.");
  const { target, path } =
    site === undefined ? readAbsoluteForm(request.url ?? "") : readOriginForm(request.url ?? "", site);
  checkHost(valuesOf(headers, "host"), target, site?.isSecure === true ? DEFAULT_PORTS.https : DEFAULT_PORTS.http);
  checkFraming(headers, target);
  return { method: request.method ?? "", target, path, headers };
}

function readAbsoluteForm(url: string): { target: EgressTarget; path: string } {
  if (url.startsWith("/")) throw new EgressRefusedError("malformed", NOT_A_SERVER);
  const [, authority, rest = "/"] = isPlain(url) ? (ABSOLUTE_FORM.exec(url) ?? []) : [];
  const target = authority === undefined ? undefined : parseEgressAuthority(authority, DEFAULT_PORTS.http);
  if (target === undefined) {
    throw new EgressRefusedError("malformed", "it is not an address of the form http://HOST[:PORT]/PATH.", {
      host: url,
      port: 0,
    });
  }
  return { target, path: rest.startsWith("?") ? `/${rest}` : rest };
}

const NOT_A_SERVER =
  "this is Cloister's egress proxy, not a server. Set HTTP_PROXY and HTTPS_PROXY to it, or ALL_PROXY with socks5h://.";

function readOriginForm(url: string, { target }: Site): { target: EgressTarget; path: string } {
  if (isPlain(url) && (url.startsWith("/") || url === "*")) return { target, path: url };
  throw new EgressRefusedError("mismatch", "a request in a connection to a host must be for a path of it.", target);
}

/** Visible ASCII, without what some readers take for a slash, or the end. */
function isPlain(url: string): boolean {
  return /^[\x21-\x7e]+$/.test(url) && !/[\\#]/.test(url);
}

function checkHost(hosts: readonly string[], target: EgressTarget, defaultPort: number): void {
  const [host] = hosts;
  if (host === undefined || hosts.length > 1) {
    throw new EgressRefusedError("malformed", "it must have one Host header.", target);
  }
  const named = parseEgressAuthority(host, defaultPort);
  if (named !== undefined && describeEgressRule(named) === describeEgressRule(target)) return;
  throw new EgressRefusedError("mismatch", "its Host header names another place.", target);
}

/** Where a body ends must not be a matter of opinion (RFC 9112, 6.3 and 11.2). */
function checkFraming(headers: readonly Header[], target: EgressTarget): void {
  const lengths = valuesOf(headers, "content-length");
  const codings = valuesOf(headers, "transfer-encoding");
  const dropped = valuesOf(headers, "connection")
    .join(",")
    .toLowerCase()
    .split(/[\t ,]+/);
  const isClear =
    lengths.length + codings.length <= 1 &&
    lengths.every((length) => /^[0-9]{1,15}$/.test(length)) &&
    codings.every((coding) => coding.toLowerCase() === "chunked") &&
    !dropped.some((name) => ["host", "content-length", "transfer-encoding"].includes(name)) &&
    headers.every(([, value]) => !hasControl(value));
  if (!isClear) throw new EgressRefusedError("malformed", "its headers can be read in two ways.", target);
}

/** Tells of control characters; a tab is none. */
function hasControl(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for.
  return /[\u0000-\u0008\u000A-\u001F\u007F]/.test(value);
}

/** All values of a header, by its name in lower case. */
export function valuesOf(headers: readonly Header[], name: string): readonly string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** Node's flat list of names and values as pairs. */
export function pairHeaders(raw: readonly string[]): readonly Header[] {
  return Array.from(
    { length: raw.length / 2 },
    (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""] as const,
  );
}
