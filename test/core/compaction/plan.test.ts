import { expect, test } from "@jest/globals";
import { type Plan, planFile } from "../../../src/core/compaction/plan.ts";
import { LAKE_FORMAT, NEWEST_FORMAT } from "../../../src/core/format/lake-file.ts";
import type { SchemaFile } from "../../../src/core/schema/schema.ts";
import { replaceLakeFile, requireLakeFile } from "../../../src/core/table/stored-file.ts";
import * as fc from "../../support/fast-check.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const PATH = "t/staging/r/plan.json";

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const seconds = fc.nat();

const SCHEMA: SchemaFile = { table: "t", key: { hash: "K" }, attributes: {} };

const change: fc.Arbitrary<Plan["change"]> = fc.oneof(
  fc.record({
    kind: fc.constant("minor" as const),
    horizonSeconds: seconds,
    takesDeltas: fc.boolean(),
    folded: fc.array(fc.string()),
    foldedSinceSeconds: seconds,
  }),
  fc.record({
    kind: fc.constant("major" as const),
    parts: fc.array(fc.record({ part: name, keys: fc.nat() })),
    keysLeft: fc.record({ min: fc.nat(), max: fc.nat() }),
  }),
  fc.record({
    kind: fc.constant("snapshot" as const),
    exportTimeSeconds: seconds,
    cutSeconds: seconds,
    floorSeconds: seconds,
    items: fc.nat(),
    buckets: fc.integer({ min: 1, max: 1000 }),
    deliveryDelaySeconds: seconds,
    snapshotsKept: fc.integer({ min: 1 }),
    schema: fc.constant(SCHEMA),
    replacesSchema: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("schema" as const), schema: fc.constant(SCHEMA) }),
);

const planned: fc.Arbitrary<Plan> = fc.record({
  run: name,
  fromSequence: fc.nat(),
  stages: fc.array(
    fc.record({
      run: name,
      kind: fc.constantFrom("base" as const, "delta" as const),
      rows: fc.string(),
      sortBy: fc.array(fc.string()),
      cut: fc.record(
        {
          parts: fc.array(fc.record({ part: name, where: fc.string() }, { requiredKeys: ["part"] })),
          partOf: fc.string(),
        },
        { requiredKeys: ["parts"] },
      ),
    }),
  ),
  change,
});

test("a plan that waited in the store is the same plan", async () => {
  await fc.assert(
    fc.asyncProperty(planned, async (plan) => {
      const store = new MemoryStore();
      await replaceLakeFile(store, PATH, plan);
      expect(JSON.parse(store.text(PATH) ?? "")).toMatchObject({ format: LAKE_FORMAT });
      expect(await requireLakeFile(store, planFile, PATH)).toEqual(plan);
    }),
  );
});

test.each([
  ["", "LAKE_DAMAGED"],
  ["{", "LAKE_DAMAGED"],
  ["{}", "LAKE_DAMAGED"],
  [`{"format":${NEWEST_FORMAT + 1}}`, "LAKE_NEWER"],
  [
    '{"format":1,"run":"../x","fromSequence":0,"stages":[],"change":{"kind":"major","parts":[]}}',
    "LAKE_DAMAGED",
  ],
])("what is not a plan is refused with the name of its file: %s", async (text, code) => {
  const store = new MemoryStore();
  store.plant(PATH, text);
  await expect(requireLakeFile(store, planFile, PATH)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(PATH),
  });
});
