import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { assertNever } from "@cloister/core";
import { endStream } from "./answer-refusal.ts";
import type { Client, EgressContext, Passage } from "./context.ts";
import { Deadline } from "./deadline.ts";
import { EgressRefusedError } from "./egress-refused-error.ts";
import { judgeOpening, NO_PROXY_BEHIND, type Opening } from "./judge-opening.ts";
import { peekBytes, waitForBytes } from "./read-bytes.ts";
import { serveHttp } from "./serve-http.ts";

/** A TLS alert, fatal: `unrecognized_name` (RFC 8446, 6.2). */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** Carries what a program says to a target that it was told it is connected to, as far as it keeps to that. Never throws. */
export function openTunnel(context: EgressContext, client: Client, passage: Passage): void {
  const { stream } = client;
  const { upstream, target, door } = passage;
  stream.on("error", () => undefined);
  const isBound = context.secrets.isBoundTo(target);
  if (stream.destroyed) return void upstream.destroy();
  stream.once("close", () => upstream.destroy());
  void readOpening(context, client, passage)
    .then((opening) => (opening?.type === "refused" ? refuse(opening.detail) : start(opening?.type)))
    .catch(() => stream.destroy());

  function refuse(detail: string): void {
    context.recorder.refused(door, new EgressRefusedError("mismatch", detail, target));
    upstream.destroy();
    endStream(stream, UNRECOGNIZED_NAME);
  }

  function start(type: Exclude<Opening["type"], "refused"> | undefined): void {
    switch (type) {
      case undefined:
        return void stream.destroy();
      case "http":
        return serve(client, false);
      case "tls":
        if (!isBound) return relay(stream, upstream);
        return terminate();
      case "other":
        return relay(stream, upstream);
      default:
        return assertNever(type, "openTunnel");
    }
  }

  function terminate(): void {
    const secureContext = context.authority?.certify(target);
    if (secureContext === undefined) return void stream.destroy();
    const secure = new TLSSocket(stream, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] });
    secure.on("error", () => stream.destroy());
    secure.once("close", () => stream.destroy());
    serve({ stream: secure, deadline: new Deadline(secure) }, true);
  }

  function serve(speaker: Client, isSecure: boolean): void {
    const onConnect = (): never => {
      throw new EgressRefusedError("mismatch", NO_PROXY_BEHIND, target);
    };
    serveHttp(context, speaker, { door, site: { target, isSecure, first: upstream }, onConnect });
  }
}

/**
 * What the program's first bytes are; `other` where the target speaks first, which no proxy or TLS server does. Undefined where the
 * program ends before it can be told.
 */
async function readOpening(
  { limits }: EgressContext,
  { stream, deadline }: Client,
  { upstream, target }: Passage,
): Promise<Opening | undefined> {
  const settled = new AbortController();
  const first = await Promise.race([
    waitForBytes(stream, settled.signal).then(() => "program" as const),
    waitForBytes(upstream, settled.signal).then(() => "target" as const),
  ]);
  settled.abort();
  if (first === "target" && stream.readableLength === 0) return { type: "other" };
  deadline.set(limits.headMs);
  const opening = await peekBytes(stream, (bytes) => judgeOpening(bytes, target));
  deadline.clear();
  return opening;
}

/** Each end is told of the other's end; once one is gone, so is the other. */
function relay(stream: Duplex, upstream: Duplex): void {
  if (upstream.destroyed) return void stream.destroy();
  upstream.once("close", () => stream.destroy());
  stream.pipe(upstream);
  upstream.pipe(stream);
}
