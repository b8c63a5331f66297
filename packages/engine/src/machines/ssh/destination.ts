import { CloisterError } from "@cloister/core";

/** A host to log in to. */
export type Destination = { readonly host: string; readonly user?: string; readonly port?: number };

/** No part can be taken for an option, or holds anything that a shell or the client's own `%` expansion would read. */
const DESTINATION =
  /^(?:(?<user>[A-Za-z_][\w.-]{0,63})@)?(?<host>[A-Za-z0-9_](?:[\w.-]{0,251}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?<port>[1-9]\d{0,4}))?$/;

/**
 * Reads `[user@]host[:port]`. The host may be a name of the client's own configuration, or an IPv6 address in brackets.
 * @throws CloisterError `image_invalid` where it is something else.
 */
export function parseDestination(text: string): Destination {
  const { user, host, port } = DESTINATION.exec(text)?.groups ?? {};
  if (host === undefined || Number(port ?? 1) > 65_535)
    throw new CloisterError({
      code: "image_invalid",
      message: `Expected a host as [user@]host[:port], got ${JSON.stringify(text.slice(0, 300))}.`,
      remedy: "Name one: --image me@build.example.org:22.",
    });
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return { host: bare, ...(user !== undefined && { user }), ...(port !== undefined && { port: Number(port) }) };
}
