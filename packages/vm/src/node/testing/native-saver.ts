// Saves the machine code of a module to a file. Arguments: file of the key, file of the code.
import { writeFileSync } from "node:fs";
import { openNativeCode } from "../native-code.ts";
import { saveHot } from "./hot-module.ts";

const [, , keyFile = "", file = ""] = process.argv;
const native = await openNativeCode(keyFile);
if (!native) throw new Error(`there is no key in ${keyFile}`);
writeFileSync(file, await saveHot(native));
