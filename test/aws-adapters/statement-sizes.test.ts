/**
 * Statements and views at the largest number of buckets: Athena, Step Functions and Glue refuse longer ones, and a deployment that has
 * passed a limit would never compact again.
 */

import { describe, expect, test } from "@jest/globals";
import { relationsOfNow, relationsOfViews } from "../../src/aws/athena-relations.ts";
import { viewInput } from "../../src/aws/glue-view.ts";
import { snapshotViews } from "../../src/aws/publish-views.ts";
import { attributesToShow } from "../../src/aws/shown-texts.ts";
import { PARTS_AT_ONCE_MAX, unloadStatements } from "../../src/aws/unload.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { planMajor } from "../../src/core/compaction/major-plan.ts";
import { planMinor } from "../../src/core/compaction/minor-plan.ts";
import { planSeed } from "../../src/core/compaction/seed.ts";
import { LAKE_FORMAT } from "../../src/core/format/lake-file.ts";
import { hourOf } from "../../src/core/format/lake-path.ts";
import { type Manifest, type Segment, SKEW_SECONDS } from "../../src/core/format/manifest.ts";
import { numberedSegments, segmentName } from "../../src/core/format/segment-name.ts";
import { segmentsView, snapshotsView, standingView } from "../../src/core/overlay/lake-view.ts";
import { shownView } from "../../src/core/overlay/shown-view.ts";
import type { QueryEngine, Stage } from "../../src/core/ports/query-engine.ts";
import { schemaTypeText } from "../../src/core/schema/column-type.ts";
import { BUCKETS_MAX, bucketLabel } from "../../src/core/schema/partitioning.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { athena } from "../../src/core/sql/athena.ts";
import { keptSnapshots, type SnapshotFiles } from "../../src/core/table/kept-snapshots.ts";
import type { OpenTable } from "../../src/core/table/open-table.ts";
import { utf8Bytes } from "../../src/core/values/utf8.ts";
import { deepTest } from "../support/deep-test.ts";
import { firstOf } from "../support/effort.ts";
import { MemoryStore } from "../support/memory-store.ts";

const PLACE = { database: "company_data_lake", bucket: "a-bucket-with-a-rather-long-name-of-a-company" };
const NOW = Date.UTC(2026, 10, 29) / 1000;
const DELTAS = 16;
/** AWS: Glue API reference, TableInput: `ViewOriginalText` is not more than 409,600 bytes long. */
const GLUE_VIEW_BYTES_MAX = 409_600;

/** Of so many columns of all kinds. */
function schemaOf(columns: number): Schema {
  const types = [
    "string",
    "decimal(38,9)",
    "bigint",
    "timestamp",
    "boolean",
    "array<string>",
    "struct<a:string,b:decimal(10,2)>",
  ];
  const attributes = Object.fromEntries(
    Array.from({ length: columns }, (_, i) => {
      const type = types[i % types.length] as string;
      const format = type === "timestamp" ? { format: "iso" } : {};
      return [`anAttributeOfSomeLength${i}`, { type, ...format }];
    }),
  );
  return parseSchema(
    {
      table: "orders_of_all_countries",
      key: { hash: "Id" },
      evolve: "types",
      attributes: { Id: { type: "string" }, ...attributes },
    },
    "test",
  );
}

/** Which run each part of the base was last written by. */
const FOLDS: Readonly<Record<string, (part: number) => number>> = {
  "the parts of ten runs lie mixed": (part) => (part * 7) % 10,
  "each part was rewritten by a run of its own": (part) => part,
  "every second part was rewritten": (part) => part % 2,
  "one snapshot": () => 0,
};

function runOf(number: number): string {
  return `20261128T101112-${String(number).padStart(8, "0")}`;
}

function segmentsOf(fold: (part: number) => number): readonly Segment[] {
  const written = new Map<string, Segment[]>();
  for (let part = 0; part < BUCKETS_MAX; part++) {
    // A run writes neighbours, too, that were replaced since.
    for (const [of, isLive] of [[part, true] as const, [part === 0 ? 1 : part - 1, false] as const]) {
      const [run, label] = [runOf(fold(part)), bucketLabel(of)];
      const id = segmentName({ kind: "base", run, part: label });
      const segment: Segment = { id, run, part: label, kind: "base", rows: isLive ? 10_000 : 0, bytes: 1 };
      const own = written.get(run) ?? [];
      if (!own.some((each) => each.id === id)) own.push(segment);
      else if (isLive)
        own.splice(
          own.findIndex((each) => each.id === id),
          1,
          segment,
        );
      written.set(run, own);
    }
  }
  const live = [...written.values()].flatMap((own) => numberedSegments(own)).filter(({ rows }) => rows > 0);
  const deltas = Array.from({ length: DELTAS }, (_, i): Segment => {
    const run = runOf(1_000_000 + i);
    return {
      id: segmentName({ kind: "delta", run, part: "all" }),
      run,
      part: "all",
      kind: "delta",
      rows: 100_000,
      bytes: 1,
    };
  });
  return [...live, ...deltas];
}

function opened(schema: Schema, segments: readonly Segment[]): OpenTable {
  const manifest: Manifest = {
    format: LAKE_FORMAT,
    sequence: 1000,
    run: runOf(0),
    kind: "minor",
    committedAtSeconds: NOW - 900,
    floorSeconds: NOW - 86_400,
    horizonSeconds: NOW - 900,
    skewSeconds: SKEW_SECONDS,
    buckets: BUCKETS_MAX,
    schema: schema.file,
    segments,
    folded: [],
    foldedSinceSeconds: NOW - 7200,
    snapshots: [
      {
        run: runOf(0),
        exportTimeSeconds: NOW - 86_400,
        cutSeconds: NOW - 86_400,
        items: 1,
        segments: segments.filter(({ kind }) => kind === "base"),
      },
    ],
    gaps: [],
  };
  return { schema, manifest, sequences: [1000], changes: listing(schema.table) };
}

/** As many columns of text as a deployment gives a table. */
function mostTexts(table: OpenTable): readonly string[] {
  const found = table.schema.columns.map(({ attribute, name, type }) => ({
    attribute,
    column: { name, type: schemaTypeText(type) },
    ...{ hidden: 1, values: 1, types: { L: 1 }, wholeDigits: 0, fractionDigits: 0 },
  }));
  const texts = attributesToShow(table, { looks: [{ runs: [], found }] });
  expect(texts.length).toBeGreaterThan(20);
  return texts;
}

type FilesForm = Pick<SnapshotFiles, "written" | "lacking" | "form">;

/** Objects of a busy log: more than a statement names one by one. */
function listing(table: string): OpenTable["changes"] {
  const hour = hourOf(NOW - 60);
  const objects = Array.from({ length: 400 }, (_, i) => ({
    path: `${table}/changes/dt=${hour.dt}/hr=${hour.hr}/delivery-stream-of-some-length-${i}.parquet`,
    id: `delivery-stream-of-some-length-${i}`,
    hour,
    newestChangeSeconds: NOW - 60,
  }));
  return { days: async () => [hour.dt], ofDay: async () => objects, since: async () => objects };
}

/** An engine that is never asked but for counts: each part has grown, and other parts have keys, too. */
function engineOf(keysOf: (part: number) => number): QueryEngine {
  return {
    ...relationsOfNow(PLACE),
    dialect: athena,
    keysAtOnceMax: Number.MAX_SAFE_INTEGER,
    partsAtOnceMax: PARTS_AT_ONCE_MAX,
    rowsPerFileMax: Number.POSITIVE_INFINITY,
    rows: async (sql: string) => {
      if (sql.includes("AS part")) {
        const parts = Array.from({ length: BUCKETS_MAX }, (_, i) => ({
          part: bucketLabel(i),
          keys: keysOf(i),
        }));
        return parts.filter(({ keys }) => keys > 0);
      }
      return [{ keys: 1, newest: NOW - 60, oldest: NOW - 60 }];
    },
    stage: () => Promise.reject(new Error("nothing is staged here")),
  };
}

function longest(schema: Schema, stages: readonly Stage[]): number {
  // Refuses what is too long.
  const statements = unloadStatements(PLACE.bucket, schema, stages, 0);
  return Math.max(...statements.map((sql) => JSON.stringify(sql).length));
}

describe("500 columns", () => {
  const schema = schemaOf(500);

  test.each(firstOf(1, Object.entries(FOLDS)))("views, where %s", async (_, fold) => {
    const found = opened(schema, segmentsOf(fold));
    const table = { ...found, manifest: { ...found.manifest, texts: mostTexts(found) } };
    const viewing = { dialect: athena, ...relationsOfViews(PLACE, NOW) };
    const kept = await keptSnapshots(new MemoryStore(), table);
    const views = [
      await standingView(viewing, table),
      segmentsView(viewing, table),
      snapshotsView(viewing, schema, kept),
    ];
    for (const view of views) {
      const shown = shownView(athena, table, view, "ascii");
      const stored = { ...view, ...shown, columns: [], table: schema.table, sequence: 1 };
      // It throws where the view is too long.
      expect(viewInput(PLACE.database, stored).TableType).toBe("VIRTUAL_VIEW");
    }
  });

  test.each(firstOf(1, Object.entries(FOLDS)))("compactions, where %s", async (_, fold) => {
    const table = opened(schema, segmentsOf(fold));
    for (const keysOf of [
      () => 1_500,
      (part: number) => (part % 2) * 1_500,
      (part: number) => (part % 3 === 0 ? 1_500 : 1),
    ]) {
      const context = {
        engine: engineOf(keysOf),
        policy: DEFAULT_POLICY,
        newRunId: () => runOf(9),
        nowSeconds: () => NOW,
      };
      for (const plan of [await planMajor(context, table, "grown"), await planMinor(context, table)])
        expect(longest(schema, plan?.stages ?? [])).toBeGreaterThan(1_000);
    }
  });

  test("a snapshot", async () => {
    const engine = engineOf(() => 1);
    const plan = await planSeed(
      {
        engine,
        schema,
        run: runOf(1),
        staged: "(SELECT 1)",
        items: 1_000_000_000,
        exportTimeSeconds: NOW,
        cutSeconds: NOW,
        deliveryDelaySeconds: 7200,
        snapshotsKept: 1,
        nowSeconds: () => NOW,
      },
      opened(schema, []).manifest,
    );
    expect(longest(schema, plan.stages)).toBeGreaterThan(1_000);
  });

  describe("400 daily snapshots", () => {
    const days = (form: (day: number) => FilesForm): readonly SnapshotFiles[] =>
      Array.from({ length: 400 }, (_, day) =>
        snapshotOf(form(day), { number: day, parts: 20, exportTimeSeconds: NOW - (400 - day) * 86_400 }),
      );

    test("are one view, and a statement of their own", () => {
      const kept = days(() => ({ written: schema, lacking: new Set(), form: "a" }));
      const views = publishedOf(schema, kept);
      expect(views.map(({ name }) => name)).toEqual(["orders_of_all_countries_snapshots"]);
      expect(utf8Bytes(views[0]?.sql ?? "")).toBeLessThan(250_000);
      expect(views[0]?.bytes).toBeLessThanOrEqual(GLUE_VIEW_BYTES_MAX);
    });

    test("of twenty forms are a view for each, which none is too long for Glue", () => {
      const kept = days((day) => {
        const late = schema.columns.slice(-Math.floor(day / 20) - 1).map(({ name }) => name);
        return { written: schema, lacking: new Set(late), form: `${Math.floor(day / 20)}`.padStart(32, "0") };
      });
      const views = publishedOf(schema, kept);
      expect(views).toHaveLength(21);
      expect(views.at(-1)?.name).toBe("orders_of_all_countries_snapshots");
      for (const { bytes } of views) expect(bytes).toBeLessThanOrEqual(GLUE_VIEW_BYTES_MAX);
      for (const { name } of views.slice(0, -1)) expect(views.at(-1)?.sql).toContain(`"${name}"`);
    });
  });
});

describe("5,000 hourly snapshots of one form", () => {
  const schema = schemaOf(3);
  const all = Array.from({ length: 5_200 }, (_, hour) =>
    snapshotOf(
      { written: schema, lacking: new Set(), form: "a" },
      { number: hour, parts: 1, exportTimeSeconds: NOW + (hour - 5_200) * 3_600 },
    ),
  );

  test("are views of which none is too long for Glue, and each snapshot is in one of them", () => {
    const views = publishedOf(schema, all.slice(0, 5_000));
    const parts = views.slice(0, -1);
    expect(views.at(-1)?.name).toBe("orders_of_all_countries_snapshots");
    for (const { bytes } of views) expect(bytes).toBeLessThanOrEqual(GLUE_VIEW_BYTES_MAX);
    expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
    expect(
      [...(views.at(-1)?.sql ?? "").matchAll(/FROM "company_data_lake"\."(\w+)"/g)].map(([, name]) => name),
    ).toEqual(parts.map(({ name }) => name));
    const named = parts.flatMap(({ sql }) =>
      [...sql.matchAll(/b-20261128T101112-(\d{8})-=/g)].map(([run]) => run),
    );
    expect(named).toHaveLength(5_000);
    expect(new Set(named).size).toBe(5_000);
  });

  deepTest("keep the names of most of their views for as long as the oldest one goes when one comes", () => {
    const names = new Set<string>();
    for (const hour of [0, 1, 100, 200])
      for (const { name } of publishedOf(schema, all.slice(hour, hour + 5_000))) names.add(name);
    expect(names.size).toBeLessThan(publishedOf(schema, all.slice(0, 5_000)).length + 4);
  });
});

/** A base of so many parts, which the run of that number wrote. */
function snapshotOf(
  form: FilesForm,
  {
    number,
    parts,
    exportTimeSeconds,
  }: { readonly number: number; readonly parts: number; readonly exportTimeSeconds: number },
): SnapshotFiles {
  const run = runOf(number);
  const segments = Array.from({ length: parts }, (_, part): Segment => {
    const place = { kind: "base", run, part: bucketLabel(part) } as const;
    return { ...place, id: segmentName(place), rows: 1, bytes: 1 };
  });
  return { run, exportTimeSeconds, segments: numberedSegments(segments), ...form };
}

/** The views of the snapshots, with the bytes that each has in Glue. */
function publishedOf(
  schema: Schema,
  kept: readonly SnapshotFiles[],
): readonly { readonly name: string; readonly sql: string; readonly bytes: number }[] {
  const viewing = { dialect: athena, ...relationsOfViews(PLACE, NOW) };
  const columns = schema.columns.map(({ name }) => ({ name, typeName: "varchar", hiveType: "string" }));
  const { database } = PLACE;
  return snapshotViews(viewing, opened(schema, []), { kept, columns, database }).map((view) => {
    const input = viewInput(database, { ...view, table: schema.table, sequence: 1 });
    return { ...view, bytes: utf8Bytes(input.ViewOriginalText ?? "") };
  });
}
