import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { NativeCode } from "../cache/native-code.ts";
import { createNativeCode, openNativeCode } from "./native-code.ts";
import { BODIES, COUNTING_BODY, countDown, functionsOf, IDLE_BODY, moduleOf, saveHot } from "./testing/hot-module.ts";

const folder = mkdtempSync(join(tmpdir(), "native-code-"));
after(() => rmSync(folder, { recursive: true }));

const SAVER = join(import.meta.dirname, "testing/native-saver.ts");
const keyFile = join(folder, "keys", "machine-code");
const native = (await openNativeCode(keyFile)) as NativeCode;

/** What another process of this user saves. @param flags of its V8 */
function saveElsewhere(flags: readonly string[] = []): Uint8Array<ArrayBuffer> {
  const file = join(folder, "code");
  execFileSync(process.execPath, [...flags, SAVER, keyFile, file]);
  return Uint8Array.from(readFileSync(file));
}

test("code that one process saved is run by another", () => {
  const code = saveElsewhere();
  const module = native.load(code, BODIES);
  assert.ok(module);
  assert.equal(countDown(module, 1000n), 7n);
  assert.ok(native.save(module, BODIES), "it is optimized from the start: only then there is something to save");
});

test("code is known again only with the key, for the bodies, and as it was saved", async () => {
  const code = await saveHot(native);
  assert.ok(native.load(code, BODIES));
  assert.equal(createNativeCode(new Uint8Array(32)).load(code, BODIES), undefined);
  assert.equal(native.load(code, [COUNTING_BODY]), undefined);
  assert.equal(native.load(code, BODIES.toReversed()), undefined);
  assert.equal(native.load(code, [Uint8Array.from(BODIES.flatMap((body) => [...body]))]), undefined);
  for (const length of [0, 1, 31, 32, 33, code.length - 1])
    assert.equal(native.load(code.slice(0, length), BODIES), undefined);
  for (const at of [0, 31, 32, 40, code.length >> 1, code.length - 1]) {
    const damaged = code.map((byte, index) => (index === at ? byte ^ 1 : byte));
    assert.equal(native.load(damaged, BODIES), undefined, `a bit of byte ${at} is another one`);
  }
});

test("code that V8 made under other conditions is refused", () => {
  assert.equal(native.load(saveElsewhere(["--no-wasm-bounds-checks"]), BODIES), undefined);
});

test("nothing is saved of a module that was not optimized yet", () => {
  assert.equal(native.save(moduleOf([IDLE_BODY]), [IDLE_BODY]), undefined);
});

test("what V8 has not got to is optimized where that is asked for, as long as there is time", () => {
  const bodies = [IDLE_BODY, COUNTING_BODY];
  const module = moduleOf(bodies);
  native.optimize(functionsOf(module), 0);
  assert.equal(native.save(module, bodies), undefined);
  native.optimize(functionsOf(module), 60_000);
  const code = native.save(module, bodies);
  assert.ok(code);
  assert.ok(native.load(code, bodies));
});

test("where there can be no key, there is no code", async () => {
  assert.equal(await openNativeCode("/dev/null/keys/machine-code"), undefined);
});
