import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { runInGuest } from "../guest/run-in-guest.ts";
import { SUITES_VARIABLE } from "./debian-sources.ts";
import { type ImageRecord, readRecord } from "./image-record.ts";
import { openImageStore } from "./image-store.ts";
import { readManifest } from "./manifest.ts";
import type { ImageManifest, StoredImage } from "./port.ts";
import { bootImage } from "./testing/boot-image.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-riscv64-"));
after(() => rmSync(folder, { recursive: true }));
/** The release alone, under any of its names: mirrors renew lists of this architecture later than their signatures at times. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""])),
  [SUITES_VARIABLE]: "release?",
};
const tinyManifest = readManifest("tiny", { architecture: "riscv64" });

function build(store: string, manifest: ImageManifest): Promise<StoredImage> {
  const images = openImageStore({ folder: join(folder, store), cache: join(folder, "cache"), env });
  return images.build(manifest, { onProgress: () => undefined });
}

function recordOf({ archive = "" }: StoredImage): ImageRecord {
  const record = readRecord(dirname(archive));
  ok(record !== undefined);
  return record;
}

test("a tiny image for RISC-V, built twice, has the same bytes, and boots to its guest agent with virtio on MMIO alone", async () => {
  const [first, second] = await Promise.all([build("first", tinyManifest), build("second", tinyManifest)]);
  deepEqual(recordOf(first).files, recordOf(second).files);
  equal(first.digest, second.digest);
  equal((first.manifest as ImageManifest).release, "trixie");
  // What any loader needs: "RISCV" and "RSC\x05" (Linux: Documentation/arch/riscv/boot-image-header.rst).
  equal(
    readFileSync(first.kernel ?? "")
      .subarray(0x30, 0x3c)
      .toString("latin1"),
    "RISCV\0\0\0RSC\x05",
  );
  await using machine = await bootImage(first, folder);
  const { stdout } = await runInGuest(machine.guest, {
    argv: ["sh", "-c", "uname -m; cut -d' ' -f1 /proc/modules | sort | tr '\\n' ' '"],
    env: { PATH: "/bin" },
  });
  match(stdout, /^riscv64\n.*ext4.*virtio_blk virtio_mmio virtio_rng/);
  equal(/virtio_net|9p|vsock/.test(stdout), false, "what no device asks for is not loaded");
});

test("Debian's packages for RISC-V are unpacked without running any of them: twice the same bytes, with users, links and certificates", async () => {
  const manifest = { ...tinyManifest, name: "least", builder: "debian", packages: ["ca-certificates"] } as const;
  const least: ImageManifest = { ...manifest, outputs: ["archive"] };
  const [first, second] = await Promise.all([build("first", least), build("second", least)]);
  deepEqual(recordOf(first).files, recordOf(second).files);
  const { packages } = recordOf(first);
  for (const name of ["base-files=", "ca-certificates=", "libc6="])
    ok(
      packages.some((item) => item.startsWith(name)),
      name,
    );
  const tar = (...args: readonly string[]): string =>
    execFileSync("tar", [`--file=${first.archive}`, ...args], { maxBuffer: 64 * 1024 * 1024 }).toString();
  const read = (path: string): string => tar("--extract", "--to-stdout", `./${path}`);
  match(read("etc/passwd"), /^root:[^]*^agent:x:1000:1000:/m);
  ok(read("etc/ssl/certs/ca-certificates.crt").split("-----BEGIN CERTIFICATE-----").length > 50);
  match(read("var/lib/dpkg/info/libc6:riscv64.list"), /^\/\.$[^]*^\/usr\/lib\/riscv64-linux-gnu\/libc\.so\.6$/m);
  const listed = tar("--list", "--verbose", "--numeric-owner");
  for (const line of [
    /^lrwxrwxrwx 0\/0 .* \.\/bin -> usr\/bin$/m,
    /^-rwsr-xr-x 0\/0 .* \.\/usr\/bin\/su$/m,
    /^drwxrwxrwt 0\/0 .* \.\/tmp\/$/m,
    /^drwxr-xr-x 1000\/1000 .* \.\/home\/agent\/$/m,
    /^-rw-r----- 0\/42 .* \.\/etc\/shadow$/m,
    /^lrwxrwxrwx 0\/0 .* \.\/etc\/alternatives\/awk -> \/usr\/bin\/mawk$/m,
    /^-rwxr-xr-x 0\/0 .* \.\/usr\/local\/libexec\/cloister-guest$/m,
  ])
    ok(line.test(listed), line.source);
  equal(/ \.\/usr\/share\/(doc|man|locale)\/./.test(listed), false);
});
