import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleOfSchema } from "./schema-sample.ts";

const loop: Record<string, unknown> = { type: "object", required: ["self"] };
loop["properties"] = { self: loop };

const cases = [
  { name: "a text", schema: { type: "string" }, value: "ok" },
  { name: "a choice", schema: { enum: ["b", "a"] }, value: "b" },
  { name: "a constant", schema: { const: 7 }, value: 7 },
  { name: "a score without a least", schema: { type: "integer" }, value: 1 },
  { name: "a number with a least", schema: { type: "number", minimum: 0.5 }, value: 0.5 },
  { name: "a type that may be null", schema: { type: ["boolean", "null"] }, value: false },
  { name: "one of several shapes", schema: { anyOf: [{ type: "array" }, { type: "string" }] }, value: [] },
  {
    name: "OpenAPI's upper case, required properties alone",
    schema: { type: "OBJECT", required: ["a"], properties: { a: { type: "STRING" }, b: { type: "STRING" } } },
    value: { a: "ok" },
  },
  { name: "nothing known", schema: {}, value: {} },
];
for (const { name, schema, value } of cases) {
  test(`the plainest value for ${name}`, () => assert.deepEqual(sampleOfSchema(schema), value));
}

test("a schema that holds itself comes to an end", () => {
  assert.match(JSON.stringify(sampleOfSchema(loop)), /^(\{"self":)+\{\}/);
});
