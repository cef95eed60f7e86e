/** What the functions' code may weigh: Lambda loads and compiles all of it before an instance delivers its first change. */
import { basename, dirname, join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import type { BuildResult } from "esbuild";
import { HANDLERS, type HandlerName } from "../../src/aws/contracts/handlers.ts";

/** Minified, in KiB. */
const KIBIBYTES_MAX: Readonly<Record<HandlerName, number>> = {
  stream: 700,
  register: 850,
  tick: 850,
  "begin-run": 850,
  // With the client of CloudWatch; it delivers no change.
  source: 900,
  "snapshot-part": 850,
  "plan-seed": 850,
  "plan-compaction": 850,
  commit: 850,
  "publish-views": 850,
  clean: 850,
};

let built: BuildResult<{ write: false; metafile: true }>;

beforeAll(async () => {
  const { bundleHandlers } = await import(join(import.meta.dirname, "..", "..", "build.mjs"));
  built = await bundleHandlers();
});

test.each(HANDLERS)("the code of %s is one file below its limit", (handler) => {
  const own = built.outputFiles.filter(
    ({ path }) => path.endsWith(".mjs") && basename(dirname(path)) === handler,
  );
  expect(own.map(({ path }) => basename(path))).toEqual(["index.mjs"]);
  expect((own[0]?.contents.length ?? 0) / 1024).toBeLessThanOrEqual(KIBIBYTES_MAX[handler]);
});

test("no function carries the engine of a folder, nor the methods of zod that cannot be left out", () => {
  const carried = Object.values(built.metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  expect(carried.length).toBeGreaterThan(100);
  expect(carried.filter((path) => /src\/embedded|@duckdb|zod\/v4\/classic/.test(path))).toEqual([]);
});
