import { openImages, readManifest, type StoredImage } from "@cloister/engine/machines";
import type { ImageBuildOptions } from "../../definitions/image.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { toSingleLine } from "../../render/plain-text.ts";
import { printJson } from "../../terminal/terminal.ts";

const DEFAULT_MANIFEST = "agents";

/** `cloister image build`. */
export const build: CommandHandler<ImageBuildOptions> = async ({ args: [name], options }, terminal) => {
  const read = readManifest(name ?? DEFAULT_MANIFEST);
  const manifest = options.arch === undefined ? read : { ...read, architecture: options.arch };
  const image = await openImages(terminal.env).build(manifest, {
    onProgress: (line) => terminal.note(toSingleLine(line)),
    ...(options.force === undefined ? {} : { force: options.force }),
  });
  if (options.json === true) printJson(terminal, image);
  else terminal.print(`${image.name} ${image.digest}`, ...filesOf(image).map((path) => `  ${path}`));
  return 0;
};

/** What the image's manifest asked for, of these. */
function filesOf({ kernel, initrd, disk, archive }: StoredImage): readonly string[] {
  return [kernel, initrd, disk, archive].flatMap((path) => path ?? []);
}
