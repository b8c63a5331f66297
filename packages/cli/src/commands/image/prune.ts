import { openImages } from "@cloister/engine/machines";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { printJson } from "../../terminal/terminal.ts";
import { withMachines } from "../machine/with-machines.ts";

/** `cloister image prune`: what a machine started from stays, and the newest of each name. */
export const prune: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const store = openImages(terminal.env);
  const used = await withMachines(terminal, (machines) => machines.list());
  const names = [...new Set(store.list().map(({ name }) => name)), ...used.flatMap(({ image }) => image ?? [])];
  const keep = new Set(names.flatMap((name) => store.find(name)?.digest ?? []));
  const removed = await store.prune(keep);
  if (options.json === true) printJson(terminal, { removed });
  else
    terminal.print(...(removed.length === 0 ? ["Nothing to remove."] : removed.map((digest) => `removed ${digest}`)));
  return 0;
};
