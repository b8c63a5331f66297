import { stripVTControlCharacters } from "node:util";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { converseInText } from "../text-output.ts";
import { launchKiro } from "./launch.ts";

/** Kiro CLI: `kiro-cli`, or with `--agent-command q` its forerunner, Amazon Q. */
export const kiroAgent: AgentAdapter = {
  name: "kiro",
  title: "Kiro CLI",
  providers: [],
  capabilities: {
    usage: false,
    cost: false,
    resume: true,
    steering: false,
    finalMessage: "text",
    model: true,
    redirect: false,
  },
  limitations: [
    "It prints text alone, tool output included: a claim counts only at the end of the text, and could be one that a tool printed last.",
    "It reports neither tokens nor money: limits on tokens and cost do not hold it back; limit iterations and time.",
    "It takes its prompt as an argument; one above 100 KiB is pointed at as a file.",
    "It takes no remarks while it runs in this mode: a remark reaches the next prompt.",
    "It can be sent to no other model endpoint.",
  ],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["kiro-cli"],
        install: "Install it as kiro.dev/docs/cli says; for Amazon Q give --agent-command q.",
        login: {
          variables: ["KIRO_API_KEY"],
          files: [],
          otherwise: "unknown",
          remedy: "Run kiro-cli login, or set KIRO_API_KEY.",
        },
      },
      env,
      command,
    ),
  launch: launchKiro,
  converse: ({ output }) => converseInText(output, stripVTControlCharacters),
  classify: classifyStderr,
};
