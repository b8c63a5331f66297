import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type ControlRequest, requestSchema } from "./control.ts";

/** Does what is asked. @returns what is answered, as JSON */
export type ControlHandler = (request: ControlRequest) => Promise<unknown>;

/** Answers requests on a Unix socket, each client's one after the other. */
export async function serveControl(path: string, handle: ControlHandler): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // A client that has gone asks nothing more.
    void answerLines(socket, handle);
  });
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  return server;
}

async function answerLines(socket: Socket, handle: ControlHandler): Promise<void> {
  for await (const line of createInterface(socket)) socket.write(`${JSON.stringify(await answer(line, handle))}\n`);
}

async function answer(line: string, handle: ControlHandler): Promise<object> {
  try {
    return { value: (await handle(requestSchema.parse(JSON.parse(line)))) ?? null };
  } catch (error: unknown) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
