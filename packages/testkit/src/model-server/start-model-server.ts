import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Script } from "../script/script.ts";
import { createRequestHandler } from "./handle-request.ts";
import { RequestLog, type RequestRecord, type UsageTotals } from "./request-record.ts";

/** Bodies of agents stay under a few MiB; a longer one is an accident or an attack. */
const DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024;

/** How to start the server. */
export type ModelServerOptions = {
  readonly script: Script;
  /** 0, or left out: any free port. */
  readonly port?: number;
  /** The longest body that is read, packed or unpacked. Default 32 MiB. */
  readonly maxBodyBytes?: number;
};

/** A scripted model that listens on loopback. */
export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. Clients of OpenAI's wires add `/v1`. */
  readonly url: string;
  readonly port: number;
  /** The latest 2000 requests, in the order in which their answers ended. A live list. */
  readonly requests: readonly RequestRecord[];
  /** What the server has said it used, so far. */
  readonly usageTotals: UsageTotals;
  /** Ends every answer under way, hanging ones too, and stops listening. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a model server that plays a script, in the formats Anthropic Messages, OpenAI Responses, OpenAI Chat Completions
 * and Gemini, so that the real agents' command lines run against it offline.
 * @throws the system's error where the port cannot be had.
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const log = new RequestLog();
  const closing = new AbortController();
  const { script, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options;
  const server = createServer(createRequestHandler({ script, maxBodyBytes, log, signal: closing.signal }));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const closed = once(server, "close");

  const close = async (): Promise<void> => {
    closing.abort();
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: log.records,
    get usageTotals() {
      return log.totals;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
