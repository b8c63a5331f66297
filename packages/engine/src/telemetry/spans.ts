/** Cloister's spans: a run's, its iterations' under it, and under each the requests that its agent makes. */
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { EndReason, IterationVerdict, RequestEvent } from "@cloister/core";
import type { RequestSummary } from "../gateway/port.ts";
import type { IterationIdentity } from "./port.ts";
import { errorType, operationName, requestAttributes } from "./request-attributes.ts";
import { CLOISTER, ERROR_TYPE } from "./semantic-conventions.ts";
import { formatTraceparent, parseTraceparent } from "./trace-context.ts";

/** Opens and closes the spans. */
export type Spans = {
  /** Records a request that is over. */
  request(summary: RequestSummary): void;
  /** Opens an iteration's span, under its run's. */
  startIteration(identity: IterationIdentity): {
    readonly traceparent: string;
    readonly end: (outcome: IterationVerdict["type"]) => void;
  };
  /** Closes a run's span; without a reason it is one that was interrupted. */
  endRun(run: string, reason: EndReason): void;
  /** Notes on an iteration's span that a request of its was refused or flagged. */
  note(event: Extract<RequestEvent, { type: "request_refused" | "request_flagged" }>): void;
  /** Closes what is open. */
  endAll(): void;
};

type OpenIteration = { readonly iteration: number; readonly span: Span };

/** @param traceparent the context that Cloister itself was started in: its runs are children of it */
export function createSpans(tracer: Tracer, traceparent: string | undefined): Spans {
  const runs = new Map<string, Span>();
  const open = new Set<OpenIteration>();
  const runSpan = (run: string): Span => {
    const known = runs.get(run);
    if (known !== undefined) return known;
    const span = tracer.startSpan("run", { attributes: { [CLOISTER.run]: run } }, contextOf(traceparent));
    runs.set(run, span);
    return span;
  };
  const endRun: Spans["endRun"] = (run, reason) => {
    const span = runs.get(run);
    runs.delete(run);
    if (span !== undefined) endSpan(span, reason, reason !== "done");
  };
  return {
    request: (summary) => recordRequest(tracer, summary),
    startIteration: (identity) => {
      const parent = trace.setSpan(ROOT_CONTEXT, runSpan(identity.run));
      const span = tracer.startSpan("iteration", { attributes: iterationAttributes(identity) }, parent);
      const entry = { iteration: identity.iteration, span };
      open.add(entry);
      return {
        traceparent: formatTraceparent(span.spanContext()),
        end: (outcome) => {
          if (open.delete(entry)) endSpan(span, outcome, outcome === "failed" || outcome === "interrupted");
        },
      };
    },
    endRun,
    note: (event) => noteOn(open, event),
    endAll: () => {
      for (const { span } of open) endSpan(span, "interrupted", true);
      open.clear();
      for (const run of runs.keys()) endRun(run, "interrupted");
    },
  };
}

function iterationAttributes({ run, task, iteration, agent }: IterationIdentity): Attributes {
  return { [CLOISTER.run]: run, [CLOISTER.task]: task, [CLOISTER.iteration]: iteration, [CLOISTER.agent]: agent };
}

/** The events of the ledger name an iteration without its run: where several runs have one of that number, the note has no sure place. */
function noteOn(open: ReadonlySet<OpenIteration>, event: Parameters<Spans["note"]>[0]): void {
  const [only, another] = [...open].filter(({ iteration }) => iteration === event.iteration);
  if (only === undefined || another !== undefined) return;
  const attributes: Attributes =
    event.type === "request_refused"
      ? { [CLOISTER.request]: event.request, [CLOISTER.reason]: event.reason }
      : { [CLOISTER.request]: event.request, [CLOISTER.signal]: event.kind, [CLOISTER.action]: event.action };
  only.span.addEvent(`cloister.${event.type}`, attributes);
}

function recordRequest(tracer: Tracer, summary: RequestSummary): void {
  const { request, settled } = summary;
  const endTime = Date.now();
  const span = tracer.startSpan(
    `${operationName(request)} ${request.facts.model}`.trimEnd(),
    { kind: SpanKind.CLIENT, startTime: endTime - settled.durationMs, attributes: requestAttributes(summary) },
    contextOf(request.identity.traceparent),
  );
  if (errorType(settled) !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endTime);
}

function endSpan(span: Span, outcome: string, failed: boolean): void {
  span.setAttribute(CLOISTER.outcome, outcome);
  if (failed) span.setAttribute(ERROR_TYPE, outcome).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}
