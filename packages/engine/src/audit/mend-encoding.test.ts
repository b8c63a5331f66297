import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mendEncoding } from "./mend-encoding.ts";

/** UTF-8 read as a Windows code page. */
function damage(text: string, page: string): string {
  return new TextDecoder(page).decode(Buffer.from(text, "utf8"));
}

describe("mendEncoding", () => {
  for (const page of ["windows-1252", "windows-1254"]) {
    it(`undoes UTF-8 that was read as ${page}`, () => {
      const text = "✅ DONE → café 🚀 清理 “quoted”";
      assert.equal(mendEncoding(damage(text, page)).text, text);
    });
  }

  for (const text of ["plain", "café, naïve, 清理, ✅ 🚀", "Ã alone", "ünïcödé ß"]) {
    it(`leaves ${JSON.stringify(text)} as it is`, () => assert.deepEqual(mendEncoding(text), { text, mended: 0 }));
  }

  it("mends what it can where bytes were lost", () => {
    const lost = `${damage("✅ ✅ ", "windows-1252")}âŒ end`;
    assert.deepEqual(mendEncoding(lost), { text: "✅ ✅ âŒ end", mended: 2 });
  });
});
