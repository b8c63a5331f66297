import { existsSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { detectGates, detectSetup, findRepository, planTemplate } from "@cloister/engine";
import type { JsonOption } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { printJson } from "../terminal/terminal.ts";
import { configTemplate } from "./config-template.ts";
import { USUAL_PLANS } from "./find-plan.ts";

const CONFIG_FILE = "cloister.yaml";
const PLAN_FILE = "plan.md";

type InitFile = { readonly file: string; readonly written: boolean };

/** `cloister init`. */
export const init: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const { root } = await findRepository(terminal.cwd, terminal.env);
  const [{ gates, why }, setup] = [detectGates(root), detectSetup(root)];
  const commands = Object.fromEntries(gates.map(({ name, command }) => [name, command]));
  const files = [
    writeWhereAbsent(root, { name: CONFIG_FILE, others: [], text: configTemplate(setup.commands) }),
    writeWhereAbsent(root, {
      name: PLAN_FILE,
      others: USUAL_PLANS,
      text: planTemplate({ title: basename(root), gates: commands }),
    }),
  ];
  if (options.json === true) {
    printJson(terminal, { files, gates, setup: setup.commands });
    return 0;
  }
  terminal.print(
    ...files.map(({ file, written }) => (written ? `wrote ${file}` : `kept  ${file}, which is there`)),
    "",
    gates.length === 0
      ? "No gates were detected: name them in the plan, or a run can end only as unverified."
      : "Gates:",
    ...gates.map(({ name, command }) => `  ${name}: ${toSingleLine(command)}`),
    ...[...why, ...setup.why].map((reason) => terminal.paint("dim", `  ${toSingleLine(reason)}`)),
    "",
    "Next: fill in the plan, then: cloister run",
  );
  return 0;
};

type WantedFile = { readonly name: string; readonly others: readonly string[]; readonly text: string };

/** Writes a file unless it, or one of `others` that serves for it, is there. */
function writeWhereAbsent(root: string, { name, others, text }: WantedFile): InitFile {
  const present = [name, ...others].find((candidate) => existsSync(join(root, candidate)));
  if (present !== undefined) return { file: present, written: false };
  writeFileSync(join(root, name), text, { flag: "wx" });
  return { file: name, written: true };
}
