import { agentFailed, agentRefused, ANSWER_LIMIT_MS, MAX_ANSWER_BYTES, readAnswer } from "../foreign/agent-answer.ts";
import type { AgentTalk } from "../foreign/agent-channel.ts";
import { type Libvirt, runVirsh } from "./virsh.ts";

/** What virsh says where it was the agent that refused, and not libvirt that did not reach it. */
const REFUSAL = /unable to execute QEMU agent command '[^']*': ([^]*)/;

/** A talk with qemu-guest-agent, whose port libvirt keeps to itself: it begins each question anew, and passes over what came late. */
export function talkThroughLibvirt(libvirt: Libvirt, domain: string): AgentTalk {
  const seconds = Math.ceil(ANSWER_LIMIT_MS / 1000);
  return {
    ask: async (question) => {
      const { command, arguments: given = {} } = question;
      const message = JSON.stringify({ execute: command, arguments: given });
      const args = ["qemu-agent-command", domain, message, "--timeout", `${seconds}`];
      const { code, stdout, stderr } = await runVirsh(libvirt, args, { allow: [1], maxBytes: MAX_ANSWER_BYTES });
      if (code === 0) return readAnswer(stdout.trim(), question);
      const [, words] = REFUSAL.exec(stderr) ?? [];
      throw words === undefined
        ? agentFailed(command, "libvirt did not reach it")
        : agentRefused(command, words.trim());
    },
    [Symbol.dispose]: () => undefined,
  };
}
