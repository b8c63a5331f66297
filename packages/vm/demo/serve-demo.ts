import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What is served: the files of a folder, and others beside them, by name. */
export type DemoSite = {
  readonly folder: string;
  readonly others?: ReadonlyMap<string, string>;
  /** 0: any that is free. */
  readonly port: number;
  /** Cross-origin isolated pages may share memory with workers. Left out: yes. */
  readonly isolated?: boolean;
};

/** A server that runs. */
export type DemoServer = AsyncDisposable & { readonly url: string };

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};
/** What makes a page cross-origin isolated (HTML, sections 7.1.3 and 7.1.4). */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const NAME = /^\/([\w.-]*)$/;

/** Serves a demo to this machine alone. */
export async function serveDemo(site: DemoSite): Promise<DemoServer> {
  const server = createServer((request, response) => void answer(site, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(site.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(site: DemoSite, { url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = pathOf(site, url);
    const { size } = await stat(path);
    response.writeHead(200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      "Content-Length": size,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
      ...(site.isolated === false ? {} : ISOLATION),
    });
    await pipeline(createReadStream(path), response);
  } catch {
    // Whatever can't be read is not there; where the answer has begun, the browser sees it end too soon.
    if (response.headersSent) response.destroy();
    else response.writeHead(404).end();
  }
}

/** Names have no folders in them, so that none leads out of the site's. */
function pathOf({ folder, others }: DemoSite, url: string): string {
  const [, name = ""] = NAME.exec(new URL(url, "http://localhost").pathname) ?? [];
  return others?.get(name) ?? join(folder, name === "" ? "index.html" : name);
}
