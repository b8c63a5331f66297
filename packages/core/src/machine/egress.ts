/**
 * Which host and port a machine may reach: one decision for every door of the egress proxy. A host is taken in one written form alone.
 * Whatever could be read in two ways is refused and not mended, since the one who checks and the one who connects might read it
 * differently. The one thing that is mended is the case of ASCII letters, in which all readers of host names agree (RFC 4343).
 */
import type { EgressRule } from "./policy.ts";

/** A host in its one written form, and a port of 1 to 65535. */
export type EgressTarget = EgressRule & { readonly kind: "name" | "address" };

/** What was decided. `rule` is the one that allows it. */
export type EgressVerdict =
  | { readonly allowed: true; readonly target: EgressTarget; readonly rule: EgressRule }
  | { readonly allowed: false; readonly refusal: "malformed" }
  | { readonly allowed: false; readonly refusal: "not_allowed"; readonly target: EgressTarget };

const MAX_NAME = 253;
/** A label of a name (RFC 1035, 2.3.4), with the underscore that is common in practice. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Some readers take a name that ends so for an IPv4 address in decimal, octal or hexadecimal digits. */
const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
const IPV6_GROUPS = 8;
const PORT = /^[1-9][0-9]{0,4}$/;
const AUTHORITY = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(.*))?$/s;

/** Decides on a host, without brackets, and a port. Nothing is allowed but by a rule. */
export function decideEgress(
  rules: readonly EgressRule[],
  asked: { readonly host: string; readonly port: number },
): EgressVerdict {
  const target = parseEgressTarget(asked.host, asked.port);
  if (target === undefined) return { allowed: false, refusal: "malformed" };
  const rule = rules.find((candidate) => coversTarget(candidate, target));
  return rule === undefined ? { allowed: false, refusal: "not_allowed", target } : { allowed: true, target, rule };
}

/** Tells whether a rule covers a target: the same host, or a name below that of a wildcard; and the same port. */
export function coversTarget(rule: EgressRule, target: EgressTarget): boolean {
  if (rule.port !== target.port) return false;
  if (!rule.host.startsWith("*.")) return rule.host === target.host;
  return target.kind === "name" && target.host.endsWith(rule.host.slice(1));
}

/** Reads a host without brackets. @returns undefined where it is not in its one written form. */
export function parseEgressTarget(host: string, port: number): EgressTarget | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || host.length > MAX_NAME) return undefined;
  const lower = toLowerAscii(host);
  if (IPV4.test(lower) || isIpv6(lower)) return { host: lower, port, kind: "address" };
  return isName(lower) ? { host: lower, port, kind: "name" } : undefined;
}

/**
 * Reads `HOST:PORT`, as URLs and CONNECT write it: IPv6 addresses in brackets.
 * @param defaultPort for a text without one; undefined: there must be one.
 */
export function parseEgressAuthority(text: string, defaultPort?: number): EgressTarget | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null) return undefined;
  const [, bracketed, bare, portText] = match;
  const port = portText === undefined ? defaultPort : parsePort(portText);
  const target = port === undefined ? undefined : parseEgressTarget(bracketed ?? bare ?? "", port);
  return target?.host.includes(":") === (bracketed !== undefined) ? target : undefined;
}

/**
 * Reads a rule as users write it: `example.org:443`, `*.example.org:443` for every name below it, `192.0.2.1:80`, `[2001:db8::1]:80`.
 * A wildcard needs at least two labels after it: `*.org` would be nearly everything.
 */
export function parseEgressRule(text: string): EgressRule | undefined {
  const isWildcard = text.startsWith("*.");
  const target = parseEgressAuthority(isWildcard ? text.slice(2) : text);
  if (target === undefined) return undefined;
  const { host, port, kind } = target;
  if (!isWildcard) return { host, port };
  return kind === "name" && host.includes(".") ? { host: `*.${host}`, port } : undefined;
}

/** A target or rule as `HOST:PORT`, IPv6 addresses in brackets. */
export function describeEgressRule({ host, port }: EgressRule): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parsePort(text: string): number | undefined {
  return PORT.test(text) ? Number(text) : undefined;
}

/** Not `toLowerCase`: that makes an ASCII `k` of the Kelvin sign. */
function toLowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function isName(host: string): boolean {
  const labels = host.split(".");
  return labels.every((label) => LABEL.test(label)) && !NUMERIC_LABEL.test(labels.at(-1) ?? "");
}

/** Only as RFC 5952 writes it; zones and embedded dotted quads are not. */
function isIpv6(host: string): boolean {
  const groups = readIpv6(host);
  return groups !== undefined && writeIpv6(groups) === host;
}

/** The eight groups of an address; undefined where it is none. */
function readIpv6(host: string): readonly number[] | undefined {
  const halves = host.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const written = halves.flat();
  if (halves.length > 2 || !host.includes(":") || !written.every((group) => /^[0-9a-f]{1,4}$/.test(group)))
    return undefined;
  const missing = IPV6_GROUPS - written.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const [before = [], after = []] = halves;
  return [...before, ...Array.from({ length: missing }, () => "0"), ...after].map((group) =>
    Number.parseInt(group, 16),
  );
}

/** RFC 5952, 4: no leading zeros; the first of the longest runs of two zeros or more is left out. */
function writeIpv6(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = [...text.matchAll(/(?<![^:])0(?::0)+(?![^:])/g)];
  const longest = Math.max(0, ...runs.map(([run]) => run.length));
  const run = runs.find(([found]) => found.length === longest);
  if (run === undefined) return text;
  const [before, after] = [text.slice(0, run.index), text.slice(run.index + longest)];
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}
