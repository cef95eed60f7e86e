import { readdir } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { withScratch } from "../../src/files/verify-scratch.ts";
import { withFolder } from "../support/folders.ts";

test("what is appended at the same time is kept in whole lines, in files that are gone afterwards", async () => {
  await withFolder(async (folder) => {
    await withScratch(folder, async (scratch) => {
      const lines = Array.from({ length: 40 }, (_, i) => `${String(i).repeat(20_000)}\n`);
      await Promise.all(lines.map((line) => scratch.append("a", Buffer.from(line))));
      await scratch.append("b", Buffer.from("other\n"));
      let text = "";
      for await (const piece of scratch.read("a")) text += piece;
      expect(text.split("\n").slice(0, -1).sort()).toEqual(lines.map((line) => line.trimEnd()).sort());
      for await (const piece of scratch.read("none")) expect(piece).toBe("never");
    });
    expect(await readdir(folder)).toEqual([]);
    await expect(
      withScratch(folder, async (scratch) => {
        await scratch.append("a", Buffer.from("x"));
        throw new Error("it fails");
      }),
    ).rejects.toThrow("it fails");
    expect(await readdir(folder)).toEqual([]);
  });
});
