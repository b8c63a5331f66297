import type { Wire } from "@cloister/core";
import type { JsonObject } from "../../../agents/json-value.ts";
import type { ModelRequest, WireAdapter } from "../../port.ts";

let count = 0;

/** A request as it comes out of a wire, around a body. */
export function sampleRequest(wire: Wire, json: JsonObject, changes: Partial<ModelRequest> = {}): ModelRequest {
  count += 1;
  return {
    id: `request-${count}`,
    identity: { run: "run-1", task: "task-1", iteration: 1 },
    // Neither the inspector nor the watch asks an adapter for more than its name.
    wire: { name: wire } as WireAdapter,
    facts: { model: typeof json["model"] === "string" ? json["model"] : "", stream: true, billable: true },
    method: "POST",
    path: "/",
    headers: {},
    body: toBody(json),
    json,
    startedAt: 0,
    ...changes,
  };
}

/** The watch and the inspector read `json`; what is nested too deep to be written has no body here. */
function toBody(json: JsonObject): Buffer {
  try {
    return Buffer.from(JSON.stringify(json));
  } catch {
    return Buffer.from("{}");
  }
}
