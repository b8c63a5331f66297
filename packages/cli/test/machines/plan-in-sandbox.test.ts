/**
 * The plan of the main job, in a machine: a real agent works behind the gateway, gates run in the machine, and the work arrives as on
 * the host. Nothing but the gateway can be reached from inside.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startModelServer } from "@cloister/testkit";
import { pictureOf } from "../harness/checkout.ts";
import { eventsOfType } from "../harness/cli-process.ts";
import { agentEnvironment, assertCompleted, createTextTools, readTextToolsScript } from "../real-agents/text-tools.ts";

const CASES: readonly (readonly string[])[] = [
  ["--agent", "claude"],
  ["--agent", "codex", "--model", "gpt-5.5"],
  ["--agent", "builtin", "--model", "anthropic/claude-opus-5-5"],
];

suite("a plan of three tasks in a sandbox", { concurrency: 2 }, () => {
  for (const agent of CASES) {
    test(`is completed by ${agent[1]}, with the same commits and the same ledger as on the host`, async () => {
      const script = readTextToolsScript();
      await using server = await startModelServer({ script });
      using repository = createTextTools(agentEnvironment(server.url));
      const before = pictureOf(repository);
      const end = await repository.run(["run", "plan.md", ...agent, "--machine", "sandbox", "--json"]);
      assert.deepEqual(pictureOf(repository), before, "the user's checkout is as it was");
      assertCompleted(end, { server, script, repository });
      assert.equal(eventsOfType(end, "machine_opened").length, 1);
      assert.deepEqual(
        (await repository.run(["machine", "list", "--json"])).stdout,
        "",
        "the machine ended with the run",
      );
    });
  }
});
