import { join } from "node:path";
import { writeMockAgent, type MockAgentOptions } from "@cloister/testkit";
import type { TestRepository } from "./test-repository.ts";

/**
 * Installs a mock of Claude Code beside the repository.
 * @param scenario a scenario of the testkit, or one of its own.
 * @returns the options of `run` that choose it.
 */
export async function installMockAgent(
  { folder }: TestRepository,
  scenario: Parameters<typeof writeMockAgent>[2],
  options: MockAgentOptions = {},
): Promise<string[]> {
  const program = await writeMockAgent(join(folder, "agents"), "claude", scenario, options);
  return ["--agent", "claude", "--agent-command", program];
}

/** The sample project's tests, as a gate. */
export const TEST_GATE: readonly string[] = ["--gate", "test=node --test"];
