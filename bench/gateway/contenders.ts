/** Whatever can stand between an agent and its provider, each a process of its own. */
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { installPortkey } from "./install-portkey.ts";
import { type Started, startNode } from "./start-process.ts";

/** Who is measured. `direct`: nobody stands between. */
export type ContenderName = "direct" | "pipe" | "portkey" | "cloister" | "cloister-recording";

/** A contender that listens. */
export type Contender = {
  readonly name: ContenderName;
  readonly origin: string;
  /** What its clients send so that it lets them in, and knows where to go. */
  readonly headers: Readonly<Record<string, string>>;
  /** The process whose cost counts. */
  readonly pid: number;
};

const KEY = "the-key-of-the-bench";
const here = (file: string): string => join(import.meta.dirname, file);
const loopback = (port: string | number): string => `http://127.0.0.1:${port}`;

/** Starts the provider and all contenders, in `folder`; `stack` ends them. */
export async function startContenders(folder: string, stack: AsyncDisposableStack): Promise<readonly Contender[]> {
  const start = async (...args: Parameters<typeof startNode>): Promise<Started> => stack.use(await startNode(...args));
  const provider = await start([here("upstream.ts")]);
  const upstream = loopback(provider.firstLine);
  const pipe = await start([here("serve-pipe.ts"), upstream]);
  const headers = { "x-api-key": KEY };
  return [
    { name: "direct", origin: upstream, headers, pid: provider.pid },
    { name: "pipe", origin: loopback(pipe.firstLine), headers, pid: pipe.pid },
    await startPortkey(start, upstream),
    await startCloister(start, { name: "cloister", upstream, folder }),
    await startCloister(start, { name: "cloister-recording", upstream, folder }),
  ];
}

type Start = (...args: Parameters<typeof startNode>) => Promise<Started>;

async function startPortkey(start: Start, upstream: string): Promise<Contender> {
  const port = await findFreePort();
  const { pid } = await start([installPortkey(), `--port=${port}`, "--headless"], {
    NODE_ENV: "production",
    TRUSTED_CUSTOM_HOSTS: "127.0.0.1",
  });
  const origin = loopback(port);
  await untilAnswering(origin);
  const headers = { "x-api-key": KEY, "x-portkey-provider": "anthropic", "x-portkey-custom-host": `${upstream}/v1` };
  return { name: "portkey", origin, headers, pid };
}

type Edition = { readonly name: ContenderName; readonly upstream: string; readonly folder: string };

async function startCloister(start: Start, { name, upstream, folder }: Edition): Promise<Contender> {
  const own = join(folder, name);
  mkdirSync(own);
  const record = name === "cloister-recording" ? ["record"] : [];
  const { pid, firstLine } = await start([here("serve-cloister.ts"), upstream, own, ...record]);
  const [origin = "", token = ""] = firstLine.split(" ");
  return { name, origin, headers: { "x-api-key": token }, pid };
}

/** Portkey's server takes no port 0. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** It says something before it listens. */
async function untilAnswering(origin: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      await (await fetch(origin)).text();
      return;
    } catch (error: unknown) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
