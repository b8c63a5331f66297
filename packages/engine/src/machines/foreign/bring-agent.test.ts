import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CloisterError, type ErrorCode } from "@cloister/core";
import { beginAgentTalk } from "./agent-channel.ts";
import { bringAgent } from "./bring-agent.ts";
import { type AgentCommand, scriptGreetedAgent } from "./testing/scripted-agent.ts";

const PROGRAM = randomBytes(100_000);
/** How the search for a folder ends where the second one will do. */
const SECOND_FOLDER = { exited: true, exitcode: 11 };

/** An agent that does as it is told, in memory, where a test does not say otherwise. */
class ObedientAgent {
  readonly files = new Map<string, Buffer>();
  readonly started: string[][] = [];
  readonly #otherwise: Readonly<Record<string, unknown>>;
  #path = "";

  constructor(otherwise: Readonly<Record<string, unknown>> = {}) {
    this.#otherwise = otherwise;
  }

  answer({ execute, arguments: given }: AgentCommand): unknown {
    return this.#otherwise[execute] ?? this.#obey(execute, given);
  }

  #obey(command: string, given: AgentCommand["arguments"]): unknown {
    if (command === "guest-exec") return { pid: this.started.push(given["arg"] as string[]) };
    if (command === "guest-exec-status") return given["pid"] === 1 ? SECOND_FOLDER : { exited: false };
    if (command === "guest-file-open") this.files.set((this.#path = String(given["path"])), Buffer.alloc(0));
    if (command !== "guest-file-write") return 1000;
    const bytes = Buffer.from(String(given["buf-b64"]), "base64");
    this.files.set(this.#path, Buffer.concat([this.files.get(this.#path) ?? Buffer.alloc(0), bytes]));
    return { count: bytes.length, eof: false };
  }
}

async function bringBy(agent: ObedientAgent, listens: () => Promise<boolean> = async () => true): Promise<void> {
  const { host } = scriptGreetedAgent((command) => agent.answer(command));
  using talk = await beginAgentTalk(host);
  await bringAgent(talk.ask, { program: PROGRAM, listens });
}

test("the agent is written whole into the folder that was found, started there, and waited for", async () => {
  const agent = new ObedientAgent();
  let looks = 0;
  await bringBy(agent, async () => (looks += 1) === 3);
  assert.equal(looks, 3);
  assert.deepEqual([...agent.files], [["/var/lib/cloister/cloister-guest.new", PROGRAM]]);
  assert.equal(agent.started.length, 2);
  assert.deepEqual(agent.started[1]?.slice(2), ["sh", "/var/lib/cloister/cloister-guest"]);
});

/** What an agent answers to one command, and what is said of it. */
const OTHERWISE: readonly (readonly [command: string, answer: unknown, code: ErrorCode, said: RegExp])[] = [
  ["guest-exec-status", { exited: true, exitcode: 1 }, "image_invalid", /found none of \/run\/cloister, /],
  ["guest-exec-status", { exited: true, exitcode: -5 }, "image_invalid", /found none of/],
  ["guest-exec-status", { exited: true, exitcode: 2 ** 40 }, "image_invalid", /found none of/],
  ["guest-exec-status", { exited: true, signal: 9 }, "image_invalid", /found none of/],
  ["guest-exec-status", SECOND_FOLDER, "image_invalid", /agent to run in the machine, it ended with 11/],
  ["guest-exec-status", { exited: "yes" }, "machine_failed", /something else than was asked/],
  ["guest-exec", { pid: "1; rm -rf /" }, "machine_failed", /something else than was asked/],
  ["guest-exec", '{"error": {"class": "CommandNotFound", "desc": "disabled"}}\n', "image_invalid", /allow guest-exec/],
  ["guest-file-open", "{}\n", "machine_failed", /not an answer/],
  ["guest-file-write", { count: 1, eof: false }, "machine_failed", /something else than was asked/],
  ["guest-file-write", { count: -1 }, "machine_failed", /something else than was asked/],
];

for (const [command, answer, code, said] of OTHERWISE)
  test(`an agent that answers ${command} with ${JSON.stringify(answer)} fails it: ${code}`, async () => {
    const bringing = bringBy(new ObedientAgent({ [command]: answer }), async () => false);
    await assert.rejects(bringing, (error) => {
      assert.ok(CloisterError.isInstance(error), String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, said);
      return true;
    });
  });
