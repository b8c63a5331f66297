import { CloisterError, DEFAULT_MACHINE_POLICY, DRIVER_NAMES, EXIT_CODES } from "@cloister/core";
import { openImages, type StoredImage, runInGuest, verifyImage, type ImageCheckRow } from "@cloister/engine/machines";
import type { ImageVerifyOptions } from "../../definitions/image.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { toSingleLine } from "../../render/plain-text.ts";
import { renderTable } from "../../render/table.ts";
import { printJson, type Terminal } from "../../terminal/terminal.ts";
import { withMachines } from "../machine/with-machines.ts";

/** How long a tool may take to say its version: an agent of many modules takes minutes on an emulated processor that others share. */
const TOOL_MS = 600_000;
const COLUMNS = [{ title: "TOOL" }, { title: "EXPECTED" }, { title: "FOUND" }] as const;

/** `cloister image verify`: the files against their hashes, then the tools in a machine made of it. */
export const verify: CommandHandler<ImageVerifyOptions> = async ({ args: [name = ""], options }, terminal) => {
  const store = openImages(terminal.env);
  const image = store.find(name) ?? notBuilt(name);
  const damaged = await store.check(image);
  const tools = damaged.length > 0 ? [] : await listTools(image, options, terminal);
  const isSound = damaged.length === 0 && tools.every(({ ok }) => ok);
  if (options.json === true) printJson(terminal, { image: image.digest, damaged, tools, ok: isSound });
  else {
    for (const file of damaged) terminal.print(terminal.paint("red", `${toSingleLine(file)} is not what was built`));
    if (tools.length > 0) terminal.print(...renderTable(COLUMNS, tools.map(toCells)));
  }
  return isSound ? 0 : EXIT_CODES.machine_failed;
};

function listTools(
  image: StoredImage,
  options: ImageVerifyOptions,
  terminal: Terminal,
): Promise<readonly ImageCheckRow[]> {
  const fallback = image.disk === undefined ? "container" : "qemu";
  const driver = DRIVER_NAMES.find((known) => known === (options.driver ?? fallback));
  if (driver === undefined)
    throw new CloisterError({ code: "usage_invalid", message: "Expected the name of a driver." });
  return withMachines(terminal, async (machines) => {
    terminal.note(`booting it with ${driver} …`);
    const made = await machines.create({ driver, image: image.digest, policy: DEFAULT_MACHINE_POLICY });
    try {
      await using machine = await machines.open(made.id);
      const { guest, env, surroundings } = machine;
      const owner = surroundings.user === undefined ? {} : { user: surroundings.user };
      const allow = Array.from({ length: 256 }, (_, code) => code);
      const common = { env, allow, timeLimitMs: TOOL_MS, ...owner };
      return await verifyImage(image.manifest, async (argv) => runInGuest(guest, { argv, ...common }));
    } finally {
      await machines.remove(made.id);
    }
  });
}

function toCells({ tool, expected, found, ok }: ImageCheckRow): string[] {
  return [tool, expected, `${found}${ok ? "" : " (!)"}`].map(toSingleLine);
}

function notBuilt(name: string): never {
  throw new CloisterError({
    code: "image_invalid",
    message: `There is no image ${name}.`,
    remedy: "See them with: cloister image list",
  });
}
