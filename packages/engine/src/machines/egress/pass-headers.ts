import { describeEgressRule, type EgressTarget } from "@cloister/core";
import { HOP_BY_HOP } from "../../http/hop-by-hop.ts";
import { valuesOf } from "./read-request-head.ts";
import type { Header } from "./secrets.ts";

/** A request's headers for the target: one Host that is the proxy's own word. */
export function requestHeaders(
  headers: readonly Header[],
  site: { readonly target: EgressTarget; readonly isSecure: boolean; readonly isScrubbed: boolean },
): readonly Header[] {
  const dropped = site.isScrubbed ? ["host", "expect", "accept-encoding"] : ["host", "expect"];
  const isChunked = valuesOf(headers, "transfer-encoding").length > 0;
  return [
    ["Host", hostHeader(site)],
    ...endToEnd(headers, dropped),
    // What is packed can't be looked through.
    ...(site.isScrubbed ? [["Accept-Encoding", "identity"] as const] : []),
    ...(isChunked ? [["Transfer-Encoding", "chunked"] as const] : []),
  ];
}

/** An answer's headers for the machine. @param isScrubbed its length may change on the way */
export function answerHeaders(headers: readonly Header[], isScrubbed: boolean): readonly Header[] {
  return endToEnd(headers, isScrubbed ? ["content-length"] : []);
}

function endToEnd(headers: readonly Header[], dropped: readonly string[]): readonly Header[] {
  const named = valuesOf(headers, "connection").flatMap((value) => value.toLowerCase().split(/[\t ,]+/));
  const left = new Set([...HOP_BY_HOP, ...named, ...dropped]);
  return headers.filter(([name]) => !left.has(name.toLowerCase()));
}

function hostHeader({ target, isSecure }: { readonly target: EgressTarget; readonly isSecure: boolean }): string {
  const authority = describeEgressRule(target);
  return target.port === (isSecure ? 443 : 80) ? authority.slice(0, authority.lastIndexOf(":")) : authority;
}
