import type { IncomingMessage } from "node:http";
import { parseEgressAuthority } from "@cloister/core";
import type { Client, EgressContext } from "./context.ts";
import { EgressRefusedError } from "./egress-refused-error.ts";
import { openTunnel } from "./open-tunnel.ts";
import { pairHeaders } from "./read-request-head.ts";
import { serveHttp } from "./serve-http.ts";

/** Serves an HTTP proxy on a connection of the machine: requests in absolute form, and CONNECT. */
export function serveProxy(context: EgressContext, client: Client): void {
  serveHttp(context, client, { door: "http", onConnect: (request) => connect(context, client, request) });
}

async function connect(context: EgressContext, client: Client, request: IncomingMessage): Promise<void> {
  const { router, secrets, recorder } = context;
  const path = request.url ?? "";
  const asked = parseEgressAuthority(path);
  if (asked === undefined) throw new EgressRefusedError("malformed", NOT_AN_AUTHORITY, { host: path, port: 0 });
  const target = router.decide(asked);
  secrets.putIn({ method: "CONNECT", path, headers: pairHeaders(request.rawHeaders) }, target);
  const upstream = await router.connect(target);
  recorder.allowed("connect", target);
  client.stream.write("HTTP/1.1 200 Connection established\r\n\r\n");
  openTunnel(context, client, { door: "connect", target, upstream });
}

const NOT_AN_AUTHORITY = "CONNECT must be for HOST:PORT in its usual form.";
