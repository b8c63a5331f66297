import { createHash } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";

/** What runs beside the real stack, one command a process; each prints one line of JSON. */

const CHUNK_BYTES = 64 * 1024;

/** Bytes that both sides can make: each chunk is filled with its number. */
function* chunks(total: number): Generator<Buffer> {
  for (let sent = 0; sent < total; sent += CHUNK_BYTES) {
    yield Buffer.alloc(Math.min(CHUNK_BYTES, total - sent), (sent / CHUNK_BYTES) % 251);
  }
}

async function echo(host: string, port: number, total: number): Promise<object> {
  const socket = connect({ host, port, allowHalfOpen: true });
  await once(socket, "connect");
  const sending = (async () => {
    for (const chunk of chunks(total)) {
      if (!socket.write(chunk)) {
        await once(socket, "drain");
      }
    }
    socket.end();
  })();
  const hash = createHash("sha256");
  let received = 0;
  for await (const bytes of socket) {
    hash.update(bytes as Buffer);
    received += (bytes as Buffer).length;
  }
  await sending;
  const expected = createHash("sha256");
  for (const chunk of chunks(total)) {
    expected.update(chunk);
  }
  return { received, same: hash.digest("hex") === expected.digest("hex") };
}

async function refusal(host: string, port: number): Promise<object> {
  const socket = connect({ host, port });
  socket.write("?");
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  return { code: error.code };
}

/** Reads nothing until a line comes on stdin, then all. */
async function stall(host: string, port: number): Promise<object> {
  const socket = connect({ host, port });
  socket.pause();
  await once(socket, "connect");
  await once(process.stdin, "data");
  process.stdin.destroy();
  return { received: (await text(socket)).length };
}

/** Sends as much as it can without blocking, says so, and goes on. */
async function flood(host: string, port: number, total: number): Promise<object> {
  const socket = connect({ host, port });
  await once(socket, "connect");
  for (const chunk of chunks(total)) {
    if (!socket.write(chunk)) {
      await once(socket, "drain");
    }
  }
  socket.end();
  await once(socket.resume(), "close");
  return { sent: total };
}

/** Serves an echo at a port, until killed. */
async function serve(port: number): Promise<object> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(port);
  await once(server, "listening");
  return { listening: port };
}

async function lookUp(server: string, name: string): Promise<object> {
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([server]);
  const code = (error: NodeJS.ErrnoException): string => error.code ?? "";
  const [four, six] = await Promise.all([resolver.resolve4(name).catch(code), resolver.resolve6(name).catch(code)]);
  return { four, six };
}

async function datagram(host: string, port: number, message: string): Promise<object> {
  const socket = createSocket("udp4");
  socket.connect(port, host);
  await once(socket, "connect");
  socket.send(message);
  try {
    const [reply] = (await once(socket, "message")) as [Buffer];
    return { reply: reply.toString() };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code };
  } finally {
    socket.close();
  }
}

async function many(host: string, port: number, count: number): Promise<object> {
  const results = await Promise.all(Array.from({ length: count }, () => echo(host, port, 100_000)));
  return { same: results.filter((result) => "same" in result && result.same === true).length };
}

const [command, ...rest] = process.argv.slice(2);
const [host = "", port = "", argument = ""] = rest;
const commands: Readonly<Record<string, () => Promise<object>>> = {
  echo: async () => await echo(host, Number(port), Number(argument)),
  many: async () => await many(host, Number(port), Number(argument)),
  refusal: async () => await refusal(host, Number(port)),
  stall: async () => await stall(host, Number(port)),
  flood: async () => await flood(host, Number(port), Number(argument)),
  serve: async () => await serve(Number(host)),
  lookUp: async () => await lookUp(host, port),
  datagram: async () => await datagram(host, Number(port), argument),
};
const result = await commands[command ?? ""]?.();
process.stdout.write(`${JSON.stringify(result)}\n`);
