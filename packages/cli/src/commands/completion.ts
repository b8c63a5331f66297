import { CloisterError } from "@cloister/core";
import { fishCompletion } from "../completion/fish.ts";
import { listPlaces, type CompletionPlace } from "../completion/places.ts";
import { bashCompletion, zshCompletion } from "../completion/posix-shells.ts";
import { COMMANDS } from "../definitions/index.ts";
import { SHELLS } from "../definitions/setting-up.ts";
import type { CommandHandler } from "../program/command-definition.ts";

const GENERATORS: Readonly<Record<string, (places: readonly CompletionPlace[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `cloister completion SHELL`. */
export const completion: CommandHandler<object> = ({ args: [shell = ""] }, terminal) => {
  const generate = Object.hasOwn(GENERATORS, shell) ? GENERATORS[shell] : undefined;
  if (generate === undefined)
    throw new CloisterError({ code: "usage_invalid", message: `Expected one of ${SHELLS.join(", ")}.` });
  terminal.write(generate(listPlaces(COMMANDS)));
  return Promise.resolve(0);
};
