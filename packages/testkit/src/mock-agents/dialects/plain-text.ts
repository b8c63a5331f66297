import { asText } from "../../model-server/json.ts";
import { withReset, withStatus } from "../failure-texts.ts";
import type { Dialect } from "./dialect.ts";

/** Kiro CLI: `kiro-cli chat --no-interactive`. Text in colour, tool output included. */
export const kiro: Dialect = {
  version: "kiro-cli 1.21.0",
  model: "auto",
  open: () => [],
  message: (_session, text) => [{ text: `\u{1b}[38;5;141m> \u{1b}[0m${text}\n` }],
  thought: () => [],
  call: (_session, { tool, input }) => [{ text: `\u{1b}[35mUsing tool: ${tool}\u{1b}[0m ${JSON.stringify(input)}\n` }],
  result: (_session, _call, { output }) => [{ text: `${output}\n` }],
  retry: (_session, failure, delayMs) => [{ stderr: `${withStatus(failure)}. Retrying in ${delayMs} ms.` }],
  fail: (_session, failure) => [{ stderr: `error: ${withReset(failure, withStatus(failure), Date.now())}` }],
  exitCode: () => 1,
  finish: () => [],
};

/** Any program: what it says is text, and nothing else. */
export const command: Dialect = {
  ...kiro,
  version: "mock-agent 1.0.0",
  model: "none",
  message: (_session, text) => [{ text: `${text}\n` }],
  call: (_session, { input }) => [{ text: `$ ${asText(input["command"], JSON.stringify(input))}\n` }],
};
