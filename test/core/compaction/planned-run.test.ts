import { expect, test } from "@jest/globals";
import {
  type PlannedRun,
  parsePlannedRun,
  plannedRunText,
} from "../../../src/core/compaction/planned-run.ts";
import type { SchemaFile } from "../../../src/core/schema/schema.ts";
import * as fc from "../../support/fast-check.ts";

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const seconds = fc.nat();

const SCHEMA: SchemaFile = { table: "t", key: { hash: "K" }, attributes: {} };

const change: fc.Arbitrary<PlannedRun["change"]> = fc.oneof(
  fc.record({
    kind: fc.constant("minor" as const),
    horizonSeconds: seconds,
    takesDeltas: fc.boolean(),
    folded: fc.array(fc.string()),
    foldedSinceSeconds: seconds,
  }),
  fc.record({ kind: fc.constant("major" as const), parts: fc.array(name) }),
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

const planned: fc.Arbitrary<PlannedRun> = fc.record({
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

test("a planned run that waited in the store is the same run", () => {
  fc.assert(
    fc.property(planned, (run) => {
      const { format, ...read } = parsePlannedRun(plannedRunText(run), "a plan") as PlannedRun & {
        format: number;
      };
      expect(format).toBe(1);
      expect(read).toEqual(run);
    }),
  );
});

test.each([
  "",
  "{",
  "{}",
  '{"format":2}',
  '{"format":1,"run":"../x","fromSequence":0,"stages":[],"change":{"kind":"major","parts":[]}}',
])("what is no planned run is told by the name of its file: %s", (text) => {
  expect(() => parsePlannedRun(text, "t/staging/r/plan.json")).toThrow(
    /^t\/staging\/r\/plan\.json does not tell/,
  );
});
