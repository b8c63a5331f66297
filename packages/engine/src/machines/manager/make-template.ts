import { CloisterError } from "@cloister/core";
import type { ManagerContext } from "./context.ts";
import { checkSupported } from "./drivers.ts";
import type { TemplateRequest } from "./port.ts";

/** What agents start with: read once, it is in the memory of every clone. What the image lacks is left out. */
const WARM_UP: readonly (readonly string[])[] = [
  ["git", "--version"],
  ["node", "--version"],
  ["claude", "--version"],
  ["codex", "--version"],
  ["gemini", "--version"],
];

/** Makes a template. See `MachineManager.template`. */
export async function makeTemplate(
  context: ManagerContext,
  { driver: name, image: wanted, limits }: TemplateRequest,
): Promise<string> {
  const driver = await context.drivers.usable(name);
  await checkSupported(context.drivers, driver, "template");
  const image = context.images.find(wanted, driver.images?.architecture);
  if (image === undefined || driver.templates === undefined) throw unknownImage(wanted);
  return driver.templates.prepare({ image, limits, folder: context.places.templates, warmUp: WARM_UP });
}

function unknownImage(name: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `There is no image ${name}.`,
    remedy: "See them with: cloister image list",
  });
}
