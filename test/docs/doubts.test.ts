/** What docs/aws.md relies on is what `dynalake doctor` answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { DOUBTS } from "../../src/core/doctor/doubts.ts";

test("docs/aws.md lists the doctor's doubts, in their order", () => {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "aws.md"), "utf8");
  const [, section = ""] = /\n## What we rely on\n([\s\S]*?)(?:\n## |$)/.exec(text) ?? [];
  const rows = [...section.matchAll(/^\| (.+?) \| .+ \| .+ \|$/gm)].map(([, behavior]) => behavior);
  expect(rows.slice(2)).toEqual(Object.values(DOUBTS));
});
