import { describeEgressRule, toPlainLine } from "@cloister/core";
import type { EgressRefusal } from "./port.ts";

/** A request that is refused, in words for the program that made it. */
export class EgressRefusedError extends Error {
  readonly refusal: EgressRefusal;
  readonly host: string;
  readonly port: number;

  /** @param asked what was asked for, as far as it is known: hostile text. */
  constructor(
    refusal: EgressRefusal,
    detail: string,
    asked: { readonly host: string; readonly port: number } = { host: "", port: 0 },
  ) {
    super(toPlainLine(detail, MAX_DETAIL));
    this.name = "EgressRefusedError";
    this.refusal = refusal;
    this.host = toPlainLine(asked.host, MAX_HOST);
    this.port = asked.port;
  }

  /** One line: what was refused, why, and what allows it. */
  describe(): string {
    const place = this.host === "" ? "a request" : describeEgressRule(this);
    const remedy = this.refusal === "not_allowed" ? ` It is allowed with --allow-host ${place}.` : "";
    return `Cloister refused ${place}: ${this.message}${remedy}`;
  }
}

/** The longest name, and a bit. */
const MAX_HOST = 255;
const MAX_DETAIL = 200;

/** Whatever went wrong on the way to a target, as a refusal. */
export function toEgressRefused(
  error: unknown,
  asked: { readonly host: string; readonly port: number },
): EgressRefusedError {
  if (error instanceof EgressRefusedError) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new EgressRefusedError("unreachable", `it can't be reached (${code ?? "connection lost"}).`, asked);
}
