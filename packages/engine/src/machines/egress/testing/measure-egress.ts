/** What the egress proxy costs: time for each request, and throughput of a tunnel, beside the same without it. Prints JSON. */
import { once } from "node:events";
import { Agent, get } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { createEgress } from "../create-egress.ts";
import { startCanary } from "./canary.ts";

const REQUESTS = 500;
const BYTES = 512 * 1024 * 1024;

await using canary = await startCanary({ address: "127.0.0.1", port: 0 });
const source = createServer((socket) => {
  const chunk = Buffer.alloc(256 * 1024);
  let left = BYTES;
  const push = (): void => {
    while (left > 0) {
      left -= chunk.length;
      if (!socket.write(chunk)) return void socket.once("drain", push);
    }
    socket.end();
  };
  socket.once("data", push).on("error", () => undefined);
}).listen(0, "127.0.0.1");
await once(source, "listening");
const sourcePort = (source.address() as AddressInfo).port;
await using egress = createEgress({
  rules: [canary.port, sourcePort].map((port) => ({ host: "127.0.0.1", port })),
  secrets: [],
  onDecision: () => undefined,
});
const proxy = createServer({ allowHalfOpen: true }, (socket) => egress.accept(socket)).listen(0, "127.0.0.1");
await once(proxy, "listening");
const proxyPort = (proxy.address() as AddressInfo).port;

const url = `http://127.0.0.1:${canary.port}/`;
const direct = { kept: await latency(canary.port, "/", true), fresh: await latency(canary.port, "/", false) };
const proxied = { kept: await latency(proxyPort, url, true), fresh: await latency(proxyPort, url, false) };
const result = {
  addedMsPerRequestKeptAlive: proxied.kept - direct.kept,
  addedMsPerRequestOnNewConnection: proxied.fresh - direct.fresh,
  directMbPerSecond: await throughput(sourcePort, []),
  connectMbPerSecond: await throughput(proxyPort, [`CONNECT 127.0.0.1:${sourcePort} HTTP/1.1\r\n\r\n`]),
};
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
source.close();
proxy.close();

/** Median of the requests, in ms. */
async function latency(port: number, path: string, keepAlive: boolean): Promise<number> {
  const agent = new Agent({ keepAlive, maxSockets: 1 });
  const times: number[] = [];
  for (let count = 0; count < REQUESTS; count += 1) {
    const begin = performance.now();
    const request = get({ agent, host: "127.0.0.1", port, path, headers: { host: `127.0.0.1:${canary.port}` } });
    const [answer] = (await once(request, "response")) as [NodeJS.ReadableStream];
    answer.resume();
    await once(answer, "end");
    times.push(performance.now() - begin);
  }
  agent.destroy();
  return times.sort((left, right) => left - right)[REQUESTS / 2] ?? 0;
}

async function throughput(port: number, opening: readonly string[]): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  for (const words of opening) {
    socket.write(words);
    await once(socket, "data");
  }
  const begin = performance.now();
  socket.write("go\r\n");
  socket.resume();
  await once(socket, "end");
  socket.destroy();
  return Math.round(BYTES / 1e6 / ((performance.now() - begin) / 1000));
}
