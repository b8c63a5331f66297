import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { MIRROR_VARIABLE, SUITES_VARIABLE } from "./debian-sources.ts";

/** What an apt of its own reads. */
export type ListsOptions = {
  /** Where it keeps all that it has. */
  readonly folder: string;
  readonly architecture: string;
  /** Lines of a sources.list. */
  readonly sources: readonly string[];
};

/**
 * Has an apt of its own fetch the lists of sources.
 * @returns the options with which apt reads them
 * @throws CloisterError `machine_failed`, which {@link isMismatch} knows where lists do not fit their signature
 */
export async function openLists(context: ToolContext, options: ListsOptions): Promise<readonly string[]> {
  const apt = aptOptions(options);
  await runBuildTool(context, ["apt-get", ...apt, "update"]).catch((error: unknown) => {
    throw isMismatch(error) ? explainMismatch(error) : error;
  });
  return apt;
}

function aptOptions({ folder, architecture, sources }: ListsOptions): readonly string[] {
  for (const made of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, made), { recursive: true });
  writeFileSync(join(folder, "status"), "");
  writeFileSync(join(folder, "sources.list"), `${sources.join("\n")}\n`);
  const settings = [
    `Dir::State::status=${join(folder, "status")}`,
    `Dir::State::lists=${join(folder, "lists")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    `Dir::Etc::sourcelist=${join(folder, "sources.list")}`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    "Acquire::Languages=none",
    // Otherwise root's apt downloads as a user that can't write here.
    "APT::Sandbox::User=root",
    "quiet=2",
  ];
  return settings.flatMap((setting) => ["-o", setting]);
}

/** A mirror that is being renewed has lists that do not fit their signed hashes; so has one that somebody tampers with. They are refused. */
export function isMismatch(error: unknown): error is CloisterError {
  return CloisterError.isInstance(error) && /Mirror sync in progress|Hash Sum mismatch/.test(error.message);
}

function explainMismatch({ code, message }: CloisterError): CloisterError {
  return new CloisterError({
    code,
    message,
    remedy: `Build later, or name another mirror with ${MIRROR_VARIABLE}. ${SUITES_VARIABLE}="release updates? security" builds without Debian's updates where they are what is wrong; "security?" does so for those of security, which the image then lacks; "release?" takes the release under another name, perhaps an older point release.`,
  });
}
