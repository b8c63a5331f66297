import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  FRAME,
  GUEST_MAGIC,
  HEADER_SIZE,
  HOST_MAGIC,
  INITIAL_CREDIT,
  KIND,
  MAX_PAYLOAD,
  MAX_REQUEST,
  MAX_STREAMS,
  NONCE_SIZE,
  PROTOCOL_VERSION,
  TAG,
} from "./wire.ts";

const header = readFileSync(join(import.meta.dirname, "../../../guest/protocol.h"), "utf8");

/** Members of the enumerations of protocol.h with a prefix, by what follows it. */
function members(prefix: string): Readonly<Record<string, number>> {
  const found = header.matchAll(new RegExp(`^ *${prefix}_([A-Z_]+) = (\\d+),`, "gm"));
  return Object.fromEntries([...found].map(([, name = "", value]) => [name, Number(value)]));
}

/** The value of a macro of protocol.h. */
function macro(name: string): string | undefined {
  return new RegExp(`^#define ${name} (.*)$`, "m").exec(header)?.[1];
}

test("host and guest agree on every number of the protocol", () => {
  assert.deepEqual(members("FRAME"), FRAME);
  assert.deepEqual(members("KIND"), KIND);
  assert.deepEqual(members("TAG"), TAG);
});

test("host and guest agree on sizes, version and the preamble", () => {
  const numbers = { PROTOCOL_VERSION, NONCE_SIZE, HEADER_SIZE, MAX_PAYLOAD, INITIAL_CREDIT, MAX_REQUEST, MAX_STREAMS };
  for (const [name, value] of Object.entries(numbers)) assert.equal(macro(name), String(value), name);
  assert.equal(macro("HOST_MAGIC"), JSON.stringify(HOST_MAGIC.toString("latin1")));
  assert.equal(macro("GUEST_MAGIC"), JSON.stringify(GUEST_MAGIC.toString("latin1")));
});
