import { runDemo } from "../demo.ts";
import type { JsonOption } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";

/** `cloister demo`. */
export const demo: CommandHandler<JsonOption> = ({ options }, terminal) =>
  runDemo({ terminal, json: options.json === true });
