import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { kindOf, SANDBOX_HOME } from "./sandbox-folder.ts";

/** Shown as they are: they change with the host's packages. No keys, accounts or addresses among them. */
const SHOWN = [
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "alternatives",
  "ssl/certs",
  "ca-certificates",
  "pki/tls/certs",
  "pki/ca-trust/extracted",
];
/** Copied: small, and hardly ever changed. */
const COPIED = ["localtime", "timezone", "protocols", "services", "mime.types", "ssl/openssl.cnf"];

/** Makes a sandbox's `/etc`: accounts and names of its own, the little of the host's that programs need, and nothing else. */
export function makeEtc(folder: string, id: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o755 });
  for (const [name, content] of Object.entries(ownFiles(id))) writeFileSync(join(folder, name), content);
  for (const name of COPIED.filter((entry) => existsSync(join("/etc", entry)))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFileSync(join("/etc", name), join(folder, name));
  }
  for (const path of shownOfEtc()) {
    const place = join(folder, path.slice("/etc/".length));
    mkdirSync(dirname(place), { recursive: true });
    if (kindOf(path) === "folder") mkdirSync(place, { recursive: true });
    else writeFileSync(place, "");
  }
}

/** Absolute paths below `/etc` of the host that every sandbox shows. */
export function shownOfEtc(): string[] {
  return SHOWN.map((name) => join("/etc", name)).filter((path) => existsSync(path));
}

function ownFiles(id: string): Record<string, string> {
  return {
    passwd: `root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000:agent:${SANDBOX_HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n`,
    group: "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
    hosts: `127.0.0.1 localhost ${id}\n::1 localhost\n`,
    hostname: `${id}\n`,
    "machine-id": `${randomBytes(16).toString("hex")}\n`,
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    // Nothing answers here: names are resolved by the egress proxy.
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
  };
}
