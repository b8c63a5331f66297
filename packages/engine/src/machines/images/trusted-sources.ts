import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { isMismatch, openLists } from "./debian-lists.ts";
import { type DebianSource, type ReleaseAlias, SUITES_VARIABLE } from "./debian-sources.ts";

/**
 * Leaves out those of the sources that are optional and whose lists do not fit their signature, and puts an alias in the place of a
 * release; each with a warning.
 * @returns lines of a sources.list
 * @throws CloisterError `machine_failed` where no alias is of the release either, or a source can't be reached at all
 */
export async function trustedSources(
  context: ToolContext,
  architecture: string,
  wanted: readonly DebianSource[],
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const source of wanted) {
    const line = source.isOptional ? await trustedLine(context, architecture, source) : source.line;
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

async function trustedLine(
  context: ToolContext,
  architecture: string,
  { line, aliases }: DebianSource,
): Promise<string | undefined> {
  try {
    await readCodename(context, architecture, line);
    return line;
  } catch (error: unknown) {
    if (!isMismatch(error)) throw error;
    const other = aliases === undefined ? undefined : await findAlias(context, architecture, aliases);
    if (aliases !== undefined && other === undefined) throw error;
    const [done, instead] = other === undefined ? ["left out", ""] : ["replaced", `; instead: ${other}`];
    context.onProgress(
      `warning: ${done}, as ${SUITES_VARIABLE} allows, since its lists do not fit their signature: ${line}${instead}`,
    );
    return other;
  }
}

async function findAlias(
  context: ToolContext,
  architecture: string,
  aliases: readonly ReleaseAlias[],
): Promise<string | undefined> {
  for (const { line, codename } of aliases) {
    const found = await readCodename(context, architecture, line).catch((error: unknown) => {
      if (!CloisterError.isInstance(error)) throw error;
      return undefined;
    });
    if (found === codename) return line;
  }
  return undefined;
}

/** What lists say, under their signature, that they are of. */
async function readCodename(context: ToolContext, architecture: string, line: string): Promise<string> {
  const folder = join(context.folder, "apt-trial");
  const apt = await openLists(context, { folder, architecture, sources: [line] });
  return (await runBuildTool(context, ["apt-get", ...apt, "indextargets", "--format", "$(CODENAME)"])).trim();
}
