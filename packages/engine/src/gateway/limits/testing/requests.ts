import type { AttemptEnd, Credential, Identity, ModelRequest, Upstream } from "../../port.ts";
import { findWire } from "../../wires/index.ts";

/** The model that {@link sampleRequest} asks for. */
export const MODEL = "claude-large";

/** A request of a run's iteration to Anthropic. @param index makes its id. */
export function sampleRequest(index: number, identity: Partial<Identity> = {}): ModelRequest {
  const path = "/v1/messages";
  const wire = findWire("POST", path, {});
  if (wire === undefined) throw new Error(`No wire has ${path}.`);
  return {
    id: `request-${index}`,
    identity: { run: "run-1", task: "task-1", iteration: 1, ...identity },
    wire,
    facts: { model: MODEL, stream: true, billable: true },
    method: "POST",
    path,
    headers: {},
    body: Buffer.from("{}"),
    json: {},
    startedAt: 0,
  };
}

/** A credential of Anthropic's whose secret nobody needs. */
export function sampleCredential(label: string): Credential {
  return { label, provider: "anthropic", headers: () => Promise.resolve({ "x-api-key": "none" }) };
}

/** An upstream that stands for Anthropic; nothing listens there. */
export function sampleUpstream(name: string): Upstream {
  return { name, provider: "anthropic", baseUrl: "http://127.0.0.1:9" };
}

/** An attempt that was answered. */
export function answered(status: number, headers: Readonly<Record<string, string>> = {}): AttemptEnd {
  return { type: "answered", status, headers };
}

/** An attempt that nobody answered. */
export const UNREACHABLE: AttemptEnd = { type: "unreachable", error: new Error("ECONNREFUSED") };
