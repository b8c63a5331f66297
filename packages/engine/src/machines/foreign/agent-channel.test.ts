import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError, type ErrorCode } from "@cloister/core";
import { assert as assertProperty, asyncProperty, uint8Array } from "fast-check";
import { z } from "zod";
import { MAX_ANSWER_BYTES } from "./agent-answer.ts";
import { beginAgentTalk } from "./agent-channel.ts";
import { greetBack, scriptAgent, scriptGreetedAgent } from "./testing/scripted-agent.ts";

const PING = { command: "guest-ping", answer: z.strictObject({}) };
const LIMIT_MS = 200;

function failsWith(code: ErrorCode, said: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(CloisterError.isInstance(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, said);
    return true;
  };
}

/** What stands in a port before the answer that counts. */
const LEFT: readonly (readonly [name: string, bytes: Uint8Array | string])[] = [
  ["an answer that came late, to a talk that has ended", '\u{ff}{"return": 5}\n{"return": {}}\n'],
  ["answers to others' numbers", Buffer.from('\xff{"return": 1}\n\xff{"return": 2}\n\xff{"return": "3"}\n', "latin1")],
  ["an error", Buffer.from('\xff{"error": {"class": "GenericError", "desc": "JSON parse error"}}\n', "latin1")],
  ["garbage with lines and delimiters in it", Buffer.from("\n\n\xff\xff\0\n\xffnot json\n{}\n", "latin1")],
  ["a megabyte without a delimiter", "x".repeat(1_000_000)],
];

for (const [name, bytes] of LEFT)
  test(`${name} is passed over when a talk begins`, async () => {
    const { host } = scriptAgent((command) => {
      if (command.execute === "guest-ping") return '{"return": {}}\n';
      return Buffer.concat([Buffer.from(bytes), greetBack(command)]);
    });
    using talk = await beginAgentTalk(host);
    assert.deepEqual(await talk.ask(PING), {});
  });

/** What is never the beginning of a talk. */
const NO_GREETINGS: readonly (readonly [name: string, bytes: Uint8Array | string | undefined, said: RegExp])[] = [
  ["nothing", undefined, /nothing came within 200 ms/],
  ["another number", Buffer.from('\xff{"return": 1}\n', "latin1"), /nothing came/],
  ["the number without a delimiter", '{"return": 1}\n', /nothing came/],
  ["a line without end", Buffer.concat([Buffer.of(0xff), Buffer.alloc(2 * MAX_ANSWER_BYTES, "x")]), /too long a line/],
];

for (const [name, bytes, said] of NO_GREETINGS)
  test(`an agent that says ${name} has not answered, and is hung up on`, async () => {
    const { host } = scriptAgent(() => bytes);
    await assert.rejects(beginAgentTalk(host, LIMIT_MS), failsWith("machine_failed", said));
    assert.ok(host.destroyed);
  });

test("an agent that talks without end and never greets is given up in time, and nothing of it is kept", async () => {
  const { host, machine } = scriptAgent(() => undefined);
  const flood = (): void => {
    if (machine.destroyed || host.destroyed) return;
    machine.write(Buffer.alloc(65_536, "y\n"));
    setImmediate(flood);
  };
  flood();
  await assert.rejects(beginAgentTalk(host, LIMIT_MS), failsWith("machine_failed", /nothing came/));
  assert.ok(host.destroyed);
});

test("an agent that hangs up has not answered", async () => {
  const { host, machine } = scriptAgent(() => undefined);
  machine.end();
  await assert.rejects(beginAgentTalk(host), failsWith("machine_failed", /it hung up/));
});

/** Answers that are none, to a command. */
const BAD_ANSWERS: readonly (readonly [name: string, line: string, code: ErrorCode, said: RegExp])[] = [
  [
    "a refusal that steers terminals",
    '{"error": {"class": "CommandNotFound", "desc": "blocked\\u001b[2J\\nby\\u202e me"}}\n',
    "image_invalid",
    /to allow guest-ping, it refused: blocked\?\[2J\?by\? me$/,
  ],
  ["a refusal without end", `{"error": {"desc": "${"no ".repeat(9000)}"}}\n`, "image_invalid", /refused: (no ){100}$/],
  ["another shape", '{"return": {"pid": 1}}\n', "machine_failed", /something else than was asked/],
  ["a list", "[]\n", "machine_failed", /not an answer/],
  ["what is not JSON", "{\n", "machine_failed", /not an answer/],
  ["a line without end", "z".repeat(2 * MAX_ANSWER_BYTES), "machine_failed", /too long a line/],
];

for (const [name, line, code, said] of BAD_ANSWERS)
  test(`a question that is answered with ${name} fails, with its reason`, async () => {
    const { host } = scriptGreetedAgent(() => line);
    using talk = await beginAgentTalk(host);
    await assert.rejects(talk.ask(PING), failsWith(code, said));
  });

test("a question without an answer ends the talk: what comes later is no answer to the next one", async () => {
  const { host, machine } = scriptGreetedAgent(() => "");
  using talk = await beginAgentTalk(host, LIMIT_MS);
  await assert.rejects(talk.ask(PING), failsWith("machine_failed", /nothing came/));
  machine.write('{"return": {}}\n');
  await assert.rejects(talk.ask(PING), failsWith("machine_failed", /nothing came/));
});

test("whatever bytes an agent says, a talk begins or fails with a typed error", async () => {
  await assertProperty(
    asyncProperty(uint8Array({ maxLength: 200 }), async (bytes) => {
      const { host, machine } = scriptAgent(() => undefined);
      machine.end(bytes);
      await assert.rejects(beginAgentTalk(host), failsWith("machine_failed", /guest-sync-delimited/));
    }),
    { numRuns: 100 },
  );
});
