/**
 * Headers that a cassette may hold. Everything else is left out, so that no credential, cookie or name of an account gets into one,
 * however it is called.
 */
const REQUEST_HEADERS: readonly RegExp[] = [
  /^(?:accept|content-type|content-encoding|user-agent)$/,
  /^anthropic-(?:version|beta)$/,
  /^openai-beta$/,
  /^x-goog-api-client$/,
];

const RESPONSE_HEADERS: readonly RegExp[] = [
  /^(?:content-type|content-encoding|cache-control|retry-after|retry-after-ms|x-should-retry)$/,
  /^(?:request-id|x-request-id)$/,
  /^anthropic-ratelimit-[a-z0-9-]+$/,
  /^x-ratelimit-[a-z0-9-]+$/,
  /^openai-(?:model|version|processing-ms)$/,
];

/** What HTTP lets a header's value be (RFC 9110, 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;

type Headers = Readonly<Record<string, string>>;

function keep(headers: Headers, allowed: readonly RegExp[], change: (value: string) => string): Record<string, string> {
  const kept = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), change(value)] as const)
    .filter(([name, value]) => allowed.some((pattern) => pattern.test(name)) && VALUE.test(value));
  return Object.fromEntries(kept);
}

/** The headers of a request that are recorded, each value changed by `change`. */
export function allowedRequestHeaders(headers: Headers, change: (value: string) => string): Record<string, string> {
  return keep(headers, REQUEST_HEADERS, change);
}

/** The headers of an answer that are recorded and replayed, each value changed by `change`. */
export function allowedResponseHeaders(headers: Headers, change: (value: string) => string): Record<string, string> {
  return keep(headers, RESPONSE_HEADERS, change);
}
