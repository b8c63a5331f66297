import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import type { z } from "zod";
import { answerSchema, CONTROL_SOCKET, type ControlRequest, LINE_BYTES } from "./control.ts";

const ANSWER_MS = 30_000;
const POLL_MS = 5;

/** How long to wait for an answer, and for what. */
export type AskOptions<Value> = {
  readonly schema?: z.ZodType<Value>;
  /** In ms. Default: 30 s. */
  readonly limitMs?: number;
  /** Tells whether it is worth waiting for a socket that is not there yet; left out: it is not. */
  readonly isAlive?: () => boolean;
};

/**
 * Asks a machine's process something.
 * @throws CloisterError `machine_failed` with what it said, or where it says nothing in time
 */
export async function askMachine<Value = unknown>(
  socketFolder: string,
  request: ControlRequest,
  { schema, limitMs = ANSWER_MS, isAlive = (): boolean => false }: AskOptions<Value> = {},
): Promise<Value> {
  const deadline = performance.now() + limitMs;
  try {
    const socket = await reach(join(socketFolder, CONTROL_SOCKET), isAlive, deadline);
    const answer = answerSchema.parse(JSON.parse(await exchange(socket, JSON.stringify(request), deadline)));
    if ("error" in answer) throw new Error(answer.error);
    return schema === undefined ? (answer.value as Value) : schema.parse(answer.value);
  } catch (cause: unknown) {
    throw new CloisterError({
      code: "machine_failed",
      message: `Expected the machine's process to answer ${request.do}, but ${(cause as Error).message}.`,
      cause,
    });
  }
}

/** Connects to a socket that may not be there yet. */
async function reach(path: string, isAlive: () => boolean, deadline: number): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch (cause: unknown) {
      if (!isAlive()) throw new Error("its process has ended", { cause });
      if (performance.now() > deadline) throw cause;
      await delay(POLL_MS);
    }
  }
}

async function exchange(socket: Socket, request: string, deadline: number): Promise<string> {
  let isLate = false;
  const timer = setTimeout(
    () => {
      isLate = true;
      socket.destroy();
    },
    Math.max(1, deadline - performance.now()),
  );
  try {
    socket.write(`${request}\n`);
    return await readLine(socket);
  } catch (cause: unknown) {
    throw isLate ? new Error("it did not in time", { cause }) : cause;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function readLine(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > LINE_BYTES) throw new Error("it said too much");
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error("it has ended");
}
