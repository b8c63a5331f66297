/** Writes the table of settings in docs/configuration.md from the schema. Usage: node scripts/generate-configuration.ts */
import { readFileSync, writeFileSync } from "node:fs";
import { describeConfigKeys } from "../packages/engine/src/config/index.ts";

const target = new URL("../docs/configuration.md", import.meta.url);
const table = /(<!-- settings -->\n)[\s\S]*(<!-- end of settings -->)/;
const page = readFileSync(target, "utf8");
writeFileSync(
  target,
  page.replace(table, (_, start: string, end: string) => `${start}${describeConfigKeys()}\n${end}`),
);
