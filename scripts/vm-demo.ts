// Serves the demo page of the VM engine to this machine: `npm run demo:vm [-- --kernel IMAGE] [--initrd FILE] [--disk FILE] [--append ARGS] [--port N]`.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildDemo } from "../packages/vm/demo/build-demo.ts";
import { serveDemo } from "../packages/vm/demo/serve-demo.ts";

const FILES = ["kernel", "initrd", "disk"] as const;
const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { kernel: text, initrd: text, disk: text, append: text, port: { type: "string", default: "8080" } },
});

const folder = join(import.meta.dirname, "..", "dist", "vm-demo");
await buildDemo(folder);
const others = new Map(FILES.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]] as const])));
const { url } = await serveDemo({ folder, others, port: Number(values.port) });
const address = new URL(url);
for (const name of others.keys()) address.searchParams.set(name, name);
if (values.append !== undefined) address.searchParams.set("append", values.append);
process.stdout.write(`${address.href}\n`);
