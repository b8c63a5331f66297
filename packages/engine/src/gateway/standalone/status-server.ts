import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { CloisterError } from "@cloister/core";
import { listen, type Listening } from "../server/listen.ts";
import { renderStatusPage, STATUS_STYLE } from "./status-page.ts";
import type { StatusReport } from "./status-report.ts";

/** What the status server shows. */
export type StatusServerOptions = {
  /** 0: any free port. */
  readonly port: number;
  readonly report: () => StatusReport;
  /** In Prometheus' text format. `type`: its content type. */
  readonly metrics: { readonly type: string; readonly render: () => Promise<string> };
};

/** A status page that listens on loopback. */
export interface StatusServer {
  /** `http://127.0.0.1:<port>/` */
  readonly url: string;
  close(): Promise<void>;
}

type Page = { readonly type: string; readonly body: string };
type Routes = ReadonlyMap<string, () => Page | Promise<Page>>;

/** Other sites that name this address as theirs (DNS rebinding) come with their own name. */
const OWN_HOST = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/i;

/** The page runs no script and loads nothing: what a request says about itself can't, either. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": `default-src 'none'; style-src 'sha256-${hash("sha256", STATUS_STYLE, "base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/**
 * Serves `/`, `/status.json` and `/metrics` to this host.
 * @throws CloisterError `gateway_failed` where the port can't be had.
 */
export async function startStatusServer({ port, report, metrics }: StatusServerOptions): Promise<StatusServer> {
  const routes: Routes = new Map<string, () => Page | Promise<Page>>([
    ["/", () => ({ type: "text/html; charset=utf-8", body: renderStatusPage(report()) })],
    ["/status.json", () => ({ type: "application/json", body: JSON.stringify(report()) })],
    ["/metrics", async () => ({ type: metrics.type, body: await metrics.render() })],
  ]);
  const server = await listenAt(port, (incoming, response) => void answer(routes, incoming, response));
  return { url: `http://127.0.0.1:${server.port}/`, close: () => server.close() };
}

async function listenAt(port: number, handle: Parameters<typeof listen>[1]): Promise<Listening> {
  try {
    return await listen(port, handle);
  } catch (cause: unknown) {
    const message = `The status page could not be served on port ${port}.`;
    throw new CloisterError({ code: "gateway_failed", message, remedy: "Choose another with --status-port.", cause });
  }
}

/** Never rejects. */
async function answer(routes: Routes, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routes.get(incoming.url?.split("?")[0] ?? "");
  if (!OWN_HOST.test(incoming.headers.host ?? ""))
    return send(response, 403, text("This page is for this host alone."));
  if (incoming.method !== "GET") return send(response.setHeader("allow", "GET"), 405, text("Expected GET."));
  if (route === undefined) return send(response, 404, text("There are /, /status.json and /metrics."));
  try {
    send(response, 200, await route());
  } catch (error: unknown) {
    send(response, 500, text(`The page could not be made: ${error instanceof Error ? error.message : String(error)}`));
  }
}

function text(body: string): Page {
  return { type: "text/plain; charset=utf-8", body: `${body}\n` };
}

function send(response: ServerResponse, status: number, { type, body }: Page): void {
  response.writeHead(status, { ...HEADERS, "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
