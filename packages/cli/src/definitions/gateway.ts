/** The gateway to the model providers, when it serves alone. */
import type { MicroUsd } from "@cloister/core";
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { flag, integer, money, text } from "../program/option-values.ts";
import { type JsonOption } from "./shared-options.ts";

/** Options of `cloister gateway`. `resume`: `true` for the newest. */
export type GatewayCommandOptions = JsonOption & {
  readonly port?: number;
  readonly maxCost?: MicroUsd;
  readonly maxTokens?: number;
  readonly record?: string;
  readonly replay?: string;
  readonly resume?: true | string;
  readonly statusPort?: number;
};

/** Options of `cloister gateway ledger`. */
export type LedgerOptions = JsonOption & { readonly run?: string };

const LEDGER: AnyCommand = defineCommand<LedgerOptions>({
  name: "ledger",
  summary: "list requests to models: tokens, cost, status and time of each",
  description:
    "Lists the requests that went through your gateways and, inside a repository, through those of its runs: one row each, oldest first. " +
    "What a gateway had under way when it was killed is charged as promised and marked lost.",
  args: [],
  options: {
    run: text("id", "only those of this gateway or run"),
    json: flag("print each request as a line of JSON; money in micro-dollars"),
  },
  examples: [["gateway ledger --json", "every request, for programs"]],
  load: async () => (await import("../commands/gateway-ledger.ts")).gatewayLedger,
});

/** `cloister gateway`. */
export const GATEWAY: AnyCommand = defineCommand<GatewayCommandOptions>({
  name: "gateway",
  summary: "serve the model providers' APIs on this host: metered, within a budget, without handing out keys",
  description:
    "Serves in the foreground, until it is interrupted, as a proxy that any tool can use: it holds your credentials, counts tokens and money " +
    "of every request and refuses more once the budget is spent. Credentials and upstreams come from the environment, over the configuration.",
  args: [],
  options: {
    port: integer("n", "port to listen on (default: a free one)", 0),
    maxCost: money("refuse requests once they have cost this many US dollars"),
    maxTokens: integer("n", "refuse requests once they have used this many tokens, cached ones included", 1),
    record: text("folder", "record requests and answers as cassettes into this folder", { completes: "files" }),
    replay: text("folder", "answer from the cassettes in this folder instead of a provider", { completes: "files" }),
    resume: text("id", "go on with the ledger and budget of an earlier gateway (default: the last)", {
      optional: true,
    }),
    statusPort: integer("n", "port of the status page (default: a free one)", 0),
    json: flag("print what it serves, each request, and the end, as lines of JSON"),
  },
  examples: [
    ["gateway --max-cost 5", "spend five dollars at most"],
    ["gateway --resume --max-cost 10", "raise the last one's budget and go on"],
    ["gateway --record ./cassettes", "keep what passes, to play it again with --replay"],
  ],
  children: [LEDGER],
  load: async () => (await import("../commands/gateway.ts")).gateway,
});
