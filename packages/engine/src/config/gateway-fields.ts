/** What the configuration says of the gateway, checked and turned into its policy. */
import { type BudgetLimits, type BudgetScope, PROVIDERS } from "@cloister/core";
import { z } from "zod";
import { BASE_URL_FORM, toBaseUrl } from "../gateway/credentials/base-url.ts";
import type { GatewayPolicy, PriceOverride, UpstreamSource } from "../gateway/policy.ts";
import type { Part } from "./config-part.ts";
import { credentials } from "./credential-fields.ts";
import { choice, compact, count, fields, flag, money, share, text, tokens } from "./fields.ts";

const MAX_ENTRIES = 1000;
const MAX_CONCURRENCY = 1000;
const MAX_PRICE = 1_000_000;

const modelName = z.string().regex(/^[\x21-\x7e]{1,200}$/, { error: "expected a model's name" });

function budget(whose: string): z.ZodType<BudgetLimits> {
  return fields({
    maxCost: money().optional().describe(`US dollars of ${whose}.`),
    maxTokens: tokens().optional().describe(`Tokens of ${whose}, cached ones included: \`500k\`, \`2M\`.`),
  }).transform(compact);
}

const budgets = fields({
  iteration: budget("one iteration").optional(),
  task: budget("one task").optional(),
  run: budget("one run, across resumes").optional(),
  day: budget("a day, all runs together").optional(),
  month: budget("a calendar month, all runs together").optional(),
  warnAt: share().optional().describe("Share of any of these budgets at which a warning is given."),
} satisfies Record<BudgetScope | "warnAt", z.ZodType>).transform(({ warnAt, ...limits }) => ({
  limits: compact(limits),
  ...(warnAt === undefined ? {} : { warnAt }),
}));

const dollars = z
  .number({ error: "expected US dollars per million tokens" })
  .min(0, { error: "expected US dollars per million tokens, 0 at least" })
  .max(MAX_PRICE, { error: `expected US dollars per million tokens, ${MAX_PRICE} at most` });

const price: z.ZodType<PriceOverride> = fields({
  input: dollars,
  output: dollars,
  cacheRead: dollars.optional(),
  cacheWrite: dollars.optional(),
  contextWindow: tokens().optional(),
}).transform(compact);

const upstream: z.ZodType<UpstreamSource> = fields({
  provider: choice(PROVIDERS),
  baseUrl: text("an address").transform((written, context) => {
    const address = toBaseUrl(written);
    if (address !== undefined) return address;
    context.addIssue({ code: "custom", message: `expected ${BASE_URL_FORM}` });
    return z.NEVER;
  }),
});

const findingAction = choice(["off", "report", "redact", "refuse"]);
const signalAction = choice(["off", "report", "refuse"]);

const safety = fields({
  secrets: findingAction.optional().describe("What is done about secrets in requests: off, report, redact or refuse."),
  personalData: findingAction
    .optional()
    .describe("The same for e-mail addresses, numbers of phones, accounts and cards."),
  hiddenUnicode: signalAction.optional().describe("The same for characters that nobody sees: off, report or refuse."),
  injection: signalAction
    .optional()
    .describe("The same for text in tool results that gives orders: off, report or refuse."),
});

/** A map with as many entries as anybody writes by hand. */
function mapOf<Value>(value: z.ZodType<Value>, expected: string): z.ZodType<Readonly<Record<string, Value>>> {
  return z
    .record(modelName, value, { error: `expected ${expected}` })
    .refine((map) => Object.keys(map).length <= MAX_ENTRIES, { error: `expected ${MAX_ENTRIES} entries at most` });
}

/** The gateway's part of the configuration. */
export const gateway: z.ZodType<Part<GatewayPolicy>> = fields({
  use: choice(["auto", "always", "never"])
    .optional()
    .describe(
      "`auto`: for agents that can be redirected and whose credentials are at hand; `always`: others are refused; `never`.",
    )
    .meta({ variable: "CLOISTER_GATEWAY" }),
  budgets: budgets.optional(),
  unpriced: choice(["refuse", "dearest"])
    .optional()
    .describe("Models without a price: refused, or charged like the dearest of their provider."),
  prices: mapOf(price, "prices by model")
    .optional()
    .describe("US dollars per million tokens, by model: input, output, cacheRead, cacheWrite; and contextWindow."),
  credentials: credentials
    .optional()
    .describe("Credentials besides those of the environment: provider, kind, from. In the user's own file only."),
  upstreams: z
    .array(upstream, { error: "expected a list of upstreams, each with provider and baseUrl" })
    .max(MAX_ENTRIES)
    .optional()
    .describe("Addresses of providers, tried in order: provider, baseUrl. In the user's own file only."),
  fallback: mapOf(modelName, "models by model")
    .optional()
    .describe("Models of the same provider to ask instead of a model that is overloaded."),
  concurrency: count(1)
    .refine((requests) => requests <= MAX_CONCURRENCY, { error: `expected ${MAX_CONCURRENCY} at most` })
    .optional()
    .describe("Requests under way at once, for one credential."),
  endpoints: choice(["pass", "refuse"])
    .optional()
    .describe("What becomes of endpoints that the gateway does not know."),
  safety: safety.optional(),
  record: flag.optional().describe("Keep transcripts of requests and answers with the run."),
  contextWarnAt: share().optional().describe("Share of the model's window above which a request is flagged."),
  contextAction: choice(["report", "end"])
    .optional()
    .describe("`end`: an iteration whose request is flagged so makes way for a new one, before its context overflows."),
});
