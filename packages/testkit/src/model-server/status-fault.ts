import type { StatusFault } from "../script/fault.ts";
import type { Wire } from "./wires/wire.ts";

/** An HTTP error as it is sent. */
export type ErrorAnswer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
};

/** Turns a fault of the script into the HTTP error that the wire's provider would send. */
export function toErrorAnswer(fault: StatusFault, wire: Wire): ErrorAnswer {
  const answer = describeFault(fault, wire);
  return { ...answer, headers: { ...answer.headers, ...fault.headers } };
}

function describeFault(fault: StatusFault, wire: Wire): ErrorAnswer {
  if (fault.type === "rate_limit") return toRateLimit(fault, wire);
  const { status, message, headers = {} } = describePlain(fault, wire);
  const body = fault.type === "status" ? fault.body : undefined;
  return { status, body: body ?? wire.toErrorBody({ status, message: fault.message ?? message }), headers };
}

type PlainFault = Exclude<StatusFault, { readonly type: "rate_limit" }>;

/** What the faults send by themselves that are a status and a message alone. */
function describePlain(
  fault: PlainFault,
  wire: Wire,
): { readonly status: number; readonly message: string; readonly headers?: Readonly<Record<string, string>> } {
  if (fault.type === "overloaded") return { status: wire.overloadedStatus, message: "Overloaded" };
  if (fault.type === "status") return { status: fault.status, message: `The script answers ${fault.status}.` };
  return { status: wire.budgetStatus, message: "The budget is spent.", headers: { "x-should-retry": "false" } };
}

function toRateLimit(fault: StatusFault & { type: "rate_limit" }, wire: Wire): ErrorAnswer {
  const { message = "The rate limit is reached.", retryAfterSeconds, resetInSeconds } = fault;
  const reset = resetInSeconds === undefined ? {} : wire.resetHeaders(Date.now() + resetInSeconds * 1000);
  return {
    status: 429,
    body: wire.toErrorBody({ status: 429, message, retryAfterSeconds }),
    headers: { "retry-after": String(Math.ceil(retryAfterSeconds)), ...reset },
  };
}
