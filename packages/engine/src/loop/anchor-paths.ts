import { statSync } from "node:fs";
import { resolve } from "node:path";

/** Words that a shell takes as they are: no quotes, expansions or operators. */
const PLAIN_WORD = /(?<=^|\s)[A-Za-z0-9_./@%+=:,-]+(?=\s|$)/g;

/**
 * Makes file names in an agent's command absolute: a person names them from where they stand, and the agent runs in another folder.
 * The first word stays as it is unless it is a path: it is looked up on PATH.
 */
export function anchorPaths(command: string, folder: string): string {
  return command.replaceAll(PLAIN_WORD, (word, offset: number) => {
    const isProgram = command.slice(0, offset).trim() === "" && !word.includes("/");
    const path = resolve(folder, word);
    const isSafe = /^[A-Za-z0-9_./@%+=:,-]+$/.test(path);
    return !isProgram && isSafe && statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : word;
  });
}
