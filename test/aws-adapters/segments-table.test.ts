/** Restoring segments that Glue lost but the bucket still has. */
import { expect, test } from "@jest/globals";
import type { GlueCatalog } from "../../src/aws/glue-catalog.ts";
import { registerNamed, removeEmptyPartitions } from "../../src/aws/segments-table.ts";
import { initialManifest, type Segment } from "../../src/core/format/manifest.ts";
import { MemoryStore } from "../support/memory-store.ts";

const segment = (run: string, part: string): Segment => ({
  id: `b-${run}-${part}`,
  run,
  part,
  kind: "base",
  rows: 1,
  bytes: 1,
});
const MANIFEST = {
  ...initialManifest(2),
  segments: [segment("base", "b0000"), segment("base", "b0001")],
  snapshots: [
    { run: "kept", exportTimeSeconds: 0, cutSeconds: 0, items: 1, segments: [segment("kept", "b0000")] },
  ],
};

/** What lists of kept snapshots have. */
const listed = async (): Promise<readonly Segment[]> => [
  segment("older", "b0000"),
  segment("older", "b0001"),
];

/** A lake with all segment files, and Glue with only some of their partitions. */
function lake(known: readonly string[]) {
  const store = new MemoryStore();
  store.plant("t/segments/base/0/segment_part=b0000/file", "rows");
  store.plant("t/segments/base/0/segment_part=b0001/file", "rows");
  store.plant("t/segments/kept/b0000/file", "rows");
  store.plant("t/segments/older/b0000/file", "rows");
  store.plant("t/segments/older/b0001/file", "rows");
  store.plant("t/segments/never-committed/b0000/file", "rows");
  const registered = new Map(known.map((id) => [id, "known"]));
  const catalog = {
    registered: async (_: string, values: readonly string[]) =>
      new Set(values.filter((value) => registered.has(value))),
    partitionPages: async function* (_: string, share: number) {
      // Ten shares of them.
      const own = [...registered.keys()].filter((_, i) => i % 10 === share);
      for (const id of own) yield [id];
    },
    createPartitions: async (_: string, partitions: Parameters<GlueCatalog["createPartitions"]>[1]) => {
      for (const { value, location } of partitions) registered.set(value, location);
    },
    deletePartitions: async (_: string, values: readonly string[]) => {
      for (const value of values) registered.delete(value);
    },
  } as unknown as GlueCatalog;
  return { context: { store, catalog, bucket: "lake" }, registered };
}

test("segments that a commit names are registered again, with those of kept snapshots, and no others", async () => {
  const { context, registered } = lake(["b-base-b0001", "b-older-b0001"]);
  expect(await registerNamed(context, "t", MANIFEST, listed)).toBe(3);
  expect(Object.fromEntries(registered)).toEqual({
    "b-base-b0001": "known",
    "b-older-b0001": "known",
    "b-older-b0000": "s3://lake/t/segments/older/b0000/",
    "b-base-b0000": "s3://lake/t/segments/base/0/segment_part=b0000/",
    "b-kept-b0000": "s3://lake/t/segments/kept/b0000/",
  });
});

test("a lake that lacks nothing is listed nowhere, nor are its kept snapshots", async () => {
  const { context } = lake(["b-base-b0000", "b-base-b0001", "b-kept-b0000"]);
  const listed = () => Promise.reject(new Error("no list is read"));
  expect(await registerNamed(context, "t", MANIFEST, listed)).toBe(0);
  expect(context.store.calls).toEqual([]);
});

test("a segment without files is no empty one", async () => {
  const { context } = lake([]);
  await context.store.remove(["t/segments/kept/b0000/file"]);
  await expect(registerNamed(context, "t", MANIFEST, listed)).rejects.toMatchObject({
    code: "LAKE_DAMAGED",
    message: "the files of segment b-kept-b0000 are missing",
  });
});

test("partitions without files go page by page, and those of any age with files stay", async () => {
  const withFiles = ["b-base-b0000", "base-b0001", "b-kept-b0000", "d-run-7-x", "b-run-7-x-part-1"];
  const without = ["b-base-b0002", "b-gone-b0000", "d-kept", "run-7-x-part-2"];
  const { context, registered } = lake(withFiles.flatMap((id, i) => [id, ...without.slice(i, i + 1)]));
  context.store.plant("t/segments/run-7-x/0/segment_part=all/file", "rows");
  context.store.plant("t/segments/run-7-x/0/segment_part=part-1/file", "rows");
  expect(await removeEmptyPartitions(context, "t")).toEqual({ partitions: without.length });
  expect([...registered.keys()]).toEqual(withFiles);
});

test("a segment whose file comes just before its partition keeps it, on a later page", async () => {
  const { context, registered } = lake(["b-base-b0000"]);
  const { catalog, store } = context;
  const late = {
    ...catalog,
    partitionPages: async function* (_: string, share: number) {
      if (share > 0) return;
      yield ["b-base-b0000"];
      store.plant("t/segments/base/0/segment_part=b0009/file", "rows");
      registered.set("b-base-b0009", "new");
      yield ["b-base-b0009"];
    },
  };
  expect(await removeEmptyPartitions({ ...context, catalog: late }, "t")).toEqual({ partitions: 0 });
  expect([...registered.keys()]).toEqual(["b-base-b0000", "b-base-b0009"]);
});
