/** The reference of the library and of the constructs can be written, without a warning: scripts/pack.mjs puts it into the package. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { withFolder } from "../support/folders.ts";

const root = join(import.meta.dirname, "..", "..");

test("`npm run docs:api` describes what both entries export", async () => {
  await withFolder(async (folder) => {
    const script = `import { writeApiDocs } from "./scripts/api-docs.mjs"; await writeApiDocs(${JSON.stringify(folder)});`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: root,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const read = (file: string) => readFileSync(join(folder, file), "utf8");
    expect(read("README.md")).toContain("[dynalake/cdk](dynalake/cdk.md)");
    expect(read("dynalake.md")).toMatch(/^### LakeTable$[\s\S]*^##### restoreToS3\(\)$/m);
    expect(read("dynalake/cdk.md")).toMatch(/^### DynamoDbLake$[\s\S]*^##### addTable\(\)$/m);
  });
}, 120_000);
