import { z } from "zod";

/** How many requests of the turn get the fault before the turn's own answer follows; `always`: it never does. */
type Times = { readonly times: number | "always" };

/** What an HTTP error of any kind can be given. */
type ErrorDetails = Times & {
  /** In the place where the provider puts it. */
  readonly message?: string;
  /** Sent beside, or instead of, those that the fault sends by itself. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** Faults that answer with an HTTP error in the provider's shape. */
export type StatusFault =
  /** Any status. `body` is sent as it is, instead of the provider's shape. */
  | (ErrorDetails & { readonly type: "status"; readonly status: number; readonly body?: string })
  /** 429 with `retry-after`, and the provider's reset headers where `resetInSeconds` is given. */
  | (ErrorDetails & {
      readonly type: "rate_limit";
      readonly retryAfterSeconds: number;
      readonly resetInSeconds?: number;
    })
  /** 529 from Anthropic, 503 from the others. */
  | (ErrorDetails & { readonly type: "overloaded" })
  /** A spent budget: 402, on Responses 429 `insufficient_quota`; with `x-should-retry: false`. */
  | (ErrorDetails & { readonly type: "budget" });

/** Faults of the transport: the answer itself is late, cut or broken. */
export type TransportFault =
  /** No byte is sent until the server closes. */
  | (Times & { readonly type: "hang" })
  /** The socket is destroyed after so many chunks of the stream; without streaming, in the middle of the body. */
  | (Times & { readonly type: "truncate"; readonly afterChunks: number })
  /** One good chunk, then a chunk that is no JSON, then the end. */
  | (Times & { readonly type: "malformed" });

/** What goes wrong before a turn is answered. */
export type Fault = StatusFault | TransportFault;

const times = z.union([z.int().min(1), z.literal("always")]).default(1);
const details = {
  times,
  message: z.string().exactOptional(),
  headers: z.record(z.string(), z.string()).exactOptional(),
};
const seconds = z.number().min(0);

/** Checks a {@link Fault}; `times` is 1 where it is left out. */
export const faultSchema: z.ZodType<Fault> = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("status"),
    status: z.int().min(400).max(599),
    body: z.string().exactOptional(),
    ...details,
  }),
  z.strictObject({
    type: z.literal("rate_limit"),
    retryAfterSeconds: seconds.default(1),
    resetInSeconds: seconds.exactOptional(),
    ...details,
  }),
  z.strictObject({ type: z.literal("overloaded"), ...details }),
  z.strictObject({ type: z.literal("budget"), ...details }),
  z.strictObject({ type: z.literal("hang"), times }),
  z.strictObject({ type: z.literal("truncate"), afterChunks: z.int().min(0).default(1), times }),
  z.strictObject({ type: z.literal("malformed"), times }),
]);
