import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/core";
import type { MachineId } from "../port.ts";
import { domainXml, withDisk } from "./domain-xml.ts";
import { parseList } from "./domains.ts";
import { parseEvent } from "./pause-watch.ts";
import { parseStats } from "./stats.ts";
import { isSystemWide, libvirtOf } from "./virsh.ts";

test("the list of domains names machines alone, with what they do", () => {
  const table = [
    " 1     cloister-aaaaaaaaaaaa   running",
    " 12    cloister-bbbbbbbbbbbb   paused",
    " -     cloister-cccccccccccc   shut off",
    " 3     cloister-dddddddddddd   in shutdown",
    " 4     cloister-eeeeeeeeeeee   crashed",
    " 5     cloister-short          running",
    " 6     my cloister-ffffffffffff   running",
    " 7     cloister-gggggggggggg-old   running",
    "",
  ].join("\n");
  assert.deepEqual(Object.fromEntries(parseList(table)), {
    aaaaaaaaaaaa: "running",
    bbbbbbbbbbbb: "paused",
    cccccccccccc: "stopped",
    dddddddddddd: "running",
    eeeeeeeeeeee: "stopped",
  });
  assert.equal(parseList("").size, 0);
});

test("an event tells when it happened, to the millisecond", () => {
  const line = "2026-01-31 08:56:20.201+0000: event 'lifecycle' for domain 'cloister-x': Suspended Paused";
  assert.deepEqual(parseEvent(line), { kind: "Suspended", time: Date.UTC(2026, 0, 31, 8, 56, 20, 201) });
  for (const other of ["", "event loop interrupted", "events received: 2", line.replace("lifecycle", "reboot")])
    assert.equal(parseEvent(other), undefined, other);
});

test("statistics are the processors' time together and the process's memory, where they can be had", () => {
  const text =
    "Domain: 'x'\n  vcpu.current=2\n  vcpu.0.time=1500000000\n  vcpu.1.time=500000000\n  balloon.rss=196980\n\n";
  assert.deepEqual(parseStats(text), { cpuMs: 2000, memoryKib: 196_980 });
  assert.deepEqual(parseStats("error: failed to get domain"), {});
});

test("only a QEMU on this host is taken for a place of machines", () => {
  const own = process.getuid?.() === 0 ? "qemu:///system" : "qemu:///session";
  const GOOD: readonly (readonly [Record<string, string>, string])[] = [
    [{}, own],
    [{ LIBVIRT_DEFAULT_URI: "qemu:///session" }, "qemu:///session"],
    [{ LIBVIRT_DEFAULT_URI: "qemu:///session", CLOISTER_LIBVIRT_URI: "" }, "qemu:///session"],
    [
      { LIBVIRT_DEFAULT_URI: "xen:///", CLOISTER_LIBVIRT_URI: "qemu+unix:///system?socket=/x" },
      "qemu+unix:///system?socket=/x",
    ],
  ];
  for (const [env, uri] of GOOD) assert.equal(libvirtOf(env).uri, uri);
  for (const uri of ["qemu+ssh://there/system", "qemu://there/system", "xen:///system", "qemu:///systems", "--help"])
    assert.throws(
      () => libvirtOf({ CLOISTER_LIBVIRT_URI: uri }),
      (error) => CloisterError.isInstance(error) && error.code === "machine_unavailable",
    );
  assert.deepEqual(
    ["qemu:///system", "qemu:///session?socket=/system"].map((uri) => isSystemWide({ uri, env: {} })),
    [true, false],
  );
});

const DOMAIN = {
  id: "aaaaaaaaaaaa" as MachineId,
  folder: "/machines/a'b<c&",
  socketFolder: "/s",
  disk: "layer-0123456789ab.qcow2",
  hasKernel: true,
  hasInitrd: true,
  hardware: { architecture: "amd64", accelerator: "tcg", memoryMib: 256, cpus: 2, diskBytes: 1 },
} as const;

test("a description holds paths as text, and neither a network nor a screen", () => {
  const description = domainXml({ ...DOMAIN, owner: { user: 1000, group: 100 } });
  assert.match(description, /<source file='\/machines\/a&apos;b&lt;c&amp;\/layer-0123456789ab\.qcow2'\/>/);
  assert.match(description, /<domain type='qemu'>[^]*<label>\+1000:\+100<\/label>/);
  assert.doesNotMatch(description, /<interface|<graphics|<video|<hostdev|<filesystem/);
  assert.deepEqual(description.match(/cloister\.\d/g), ["cloister.0", "cloister.1", "cloister.2", "cloister.3"]);
  const fast = domainXml({ ...DOMAIN, hardware: { ...DOMAIN.hardware, accelerator: "kvm" } });
  assert.match(fast, /<domain type='kvm'>[^]*<cpu mode='host-passthrough'\/>/);
  assert.doesNotMatch(fast, /seclabel/);
});

test("what boards lack is not asked for", () => {
  const described = (architecture: string): string =>
    domainXml({ ...DOMAIN, hardware: { ...DOMAIN.hardware, accelerator: "tcg", architecture } });
  assert.match(described("amd64"), /<genid\/>.*<model fallback='forbid'>Nehalem</s);
  assert.doesNotMatch(described("arm64"), /<genid/);
  assert.match(described("arm64"), /<model fallback='forbid'>cortex-a72</);
  assert.doesNotMatch(described("riscv64"), /<genid|<cpu/);
});

test("a saved machine gets another layer, whatever its folder is called", () => {
  const path = "/new/$&'/layer-ba9876543210.qcow2";
  const moved = withDisk(domainXml(DOMAIN), path);
  assert.match(moved, /<source file='\/new\/\$&amp;&apos;\/layer-ba9876543210\.qcow2'\/>/);
  assert.doesNotMatch(moved, /layer-0123456789ab/);
});
