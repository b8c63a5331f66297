import { openImages } from "@cloister/engine/machines";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { describeClock, describeDate } from "../../render/quantities.ts";
import { renderTable } from "../../render/table.ts";
import { printJson } from "../../terminal/terminal.ts";

const KIB_PER_MIB = 1024;
const SHOWN_DIGITS = 12;
const COLUMNS = [
  { title: "NAME" },
  { title: "DIGEST" },
  { title: "ARCHITECTURE" },
  { title: "SIZE", align: "right" },
  { title: "BUILT" },
] as const;

/** `cloister image list`. */
export const list: CommandHandler<JsonOption> = ({ options }, terminal) => {
  const images = openImages(terminal.env).list();
  if (options.json === true) for (const image of images) printJson(terminal, image);
  else if (images.length === 0) terminal.print("There is no image. Build one with: cloister image build agents");
  else
    terminal.print(
      ...renderTable(
        COLUMNS,
        images.map(({ name, digest, architecture, sizeKib, builtAt }) => [
          name,
          digest.slice(0, SHOWN_DIGITS),
          architecture,
          `${Math.round(sizeKib / KIB_PER_MIB)} MiB`,
          `${describeDate(builtAt).slice(0, 10)} ${describeClock(builtAt)}`,
        ]),
      ),
    );
  return Promise.resolve(0);
};
