/** Statements of an open lake, which keeps the change log in pieces: they find the rows that statements of others find. */
import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "@jest/globals";
import { compactMinorThenMajor } from "../../../src/core/compaction/compact.ts";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import { DynalakeError } from "../../../src/core/error.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import { FILE_LIMITS, parquetSink } from "../../../src/embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { KeptLog } from "../../../src/embedded/reading/kept-log.ts";
import { startQuery } from "../../../src/embedded/reading/query.ts";
import * as fc from "../../support/fast-check.ts";
import { withFolder } from "../../support/folders.ts";
import { CHANGED_AT_SECONDS, compactionOf } from "../../support/lake-rows.ts";

const LIMITS = { threads: 1, memoryMegabytes: 200 };
const ROWS = "SELECT id, n, _version FROM t ORDER BY id";
/** More than are read one by one. */
const MANY = 40;

interface Change {
  readonly id: string;
  readonly n: number;
  readonly version: number;
  readonly atSeconds: number;
  readonly isRemoval?: boolean;
  readonly text?: string;
}

interface Statement {
  readonly rows: readonly string[];
  /** The names of the pieces that it reads. */
  readonly pieces: readonly string[];
}

interface Reader {
  readonly lake: LakeFolder;
  readonly kept: KeptLog;
  /** Each as one object. */
  deliver(changes: readonly Change[]): Promise<void>;
  compact(atSeconds: number): Promise<void>;
  /** What a statement of the open lake finds, which must be what one of another process finds. */
  ask(sql?: string): Promise<Statement>;
  setSchema(schema: Schema): Promise<void>;
}

const schemaWith = (attributes: Record<string, AttributeFile>): Schema =>
  parseSchema(
    { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" }, ...attributes } },
    "t",
  );

async function withReader(use: (reader: Reader) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    let schema = schemaWith({ n: { type: "int" } });
    const lake = await openLakeFolder(join(folder, "lake"), LIMITS);
    const kept = new KeptLog();
    await writeSchema(lake.store, schema);
    try {
      await use({
        lake,
        kept,
        deliver: async (changes) => {
          for (const change of changes) await deliverOne(lake, schema, change);
        },
        compact: async (atSeconds) => {
          const context = { ...compactionOf(lake, schema), nowSeconds: () => atSeconds };
          await compactMinorThenMajor(context, "grown", { onCommit: () => undefined });
        },
        ask: async (sql = ROWS) => {
          const own = await statement(lake, schema, sql, kept);
          expect(own.rows).toEqual((await statement(lake, schema, sql, undefined)).rows);
          return own;
        },
        setSchema: async (next) => {
          schema = next;
          await writeSchema(lake.store, schema);
        },
      });
    } finally {
      await kept.remove();
      await lake.close();
    }
  });
}

async function deliverOne(lake: LakeFolder, schema: Schema, change: Change): Promise<void> {
  const { id, n, version, atSeconds, isRemoval = false, text = `later ${n}` } = change;
  const item = { id: { S: id }, n: { N: String(n) }, later: { S: text } };
  const record = {
    eventName: isRemoval ? "REMOVE" : "MODIFY",
    dynamodb: {
      Keys: { id: item.id },
      ...(isRemoval ? { OldImage: item } : { NewImage: item }),
      SequenceNumber: String(version),
      ApproximateCreationDateTime: atSeconds,
    },
  };
  const context = {
    store: lake.store,
    sink: parquetSink(lake.root, schema, lake.session),
    writer: lineWriter(rowCodec(schema)),
    rowBytesMax: FILE_LIMITS.recordBytesMax,
  };
  const records = { records: [record], source: "a test", arrivedAtSeconds: atSeconds };
  expect(await deliver(context, records)).toMatchObject({ rows: 1 });
}

async function statement(
  { root, store }: LakeFolder,
  schema: Schema,
  sql: string,
  keptLog: KeptLog | undefined,
): Promise<Statement> {
  const lake = await openLakeFolder(root, LIMITS);
  try {
    const tables = [await openTableOf(store, schema)];
    const { rows } = await startQuery(lake, { tables, sql, numbers: "string", keptLog });
    const own = await readdir(lake.session.temporaryFolder);
    const found: string[] = [];
    for await (const batch of rows) found.push(...batch.map((row) => row.join(" ")));
    return { rows: found, pieces: own.filter((name) => name.startsWith("piece-")).sort() };
  } finally {
    await lake.close();
  }
}

/** Changes of as many items, a second after another. */
function changes(count: number, first = 0): readonly Change[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `item ${String(first + i).padStart(4, "0")}`,
    n: first + i,
    version: 1000 + first + i,
    atSeconds: CHANGED_AT_SECONDS + first + i,
  }));
}

test("the second statement joins what the first has read, and those after it open the piece alone", () =>
  withReader(async ({ ask, deliver, kept, lake }) => {
    await deliver(changes(MANY));
    expect(await ask()).toMatchObject({ pieces: [] });
    expect(await ask()).toMatchObject({ pieces: ["piece-0.parquet"] });
    const schema = schemaWith({ n: { type: "int" } });
    for (const path of await lake.store.names("t/changes/"))
      await writeFile(join(lake.root, path), "no rows");
    const { rows } = await statement(lake, schema, ROWS, kept);
    expect(rows).toHaveLength(MANY);
    await expect(statement(lake, schema, ROWS, undefined)).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
  }));

test("what came since is read from its objects, and joined once it is much", () =>
  withReader(async ({ ask, deliver }) => {
    await deliver(changes(MANY));
    await ask();
    await ask();
    await deliver(changes(3, MANY));
    const few = await ask();
    expect(few).toMatchObject({ pieces: ["piece-0.parquet"] });
    expect(few.rows).toHaveLength(MANY + 3);
    await deliver(changes(MANY, MANY + 3));
    const many = await ask();
    expect(many).toMatchObject({ pieces: ["piece-0.parquet", "piece-1.parquet"] });
    expect(many.rows).toHaveLength(2 * MANY + 3);
  }));

test("pieces that no statement of now reads any more are dropped", () =>
  withReader(async ({ ask, compact, deliver }) => {
    await deliver(changes(MANY));
    await ask();
    expect(await ask()).toMatchObject({ pieces: ["piece-0.parquet"] });
    await deliver(changes(2, 10_000));
    await compact(CHANGED_AT_SECONDS + 20_000);
    const after = await ask();
    expect(after).toMatchObject({ pieces: [] });
    expect(after.rows).toHaveLength(MANY + 2);
  }));

test("a statement that reads still has the pieces that another one drops", () =>
  withReader(async ({ ask, compact, deliver, kept, lake }) => {
    await deliver(changes(MANY));
    await ask();
    await ask();
    const schema = schemaWith({ n: { type: "int" } });
    const reading = await openLakeFolder(lake.root, LIMITS);
    try {
      const tables = [await openTableOf(lake.store, schema)];
      const slow = `SELECT id FROM range(400000) AS numbers(i) CROSS JOIN (SELECT max(id) AS id FROM t) UNION ALL SELECT id FROM t`;
      const { rows } = await startQuery(reading, { tables, sql: slow, numbers: "string", keptLog: kept });
      await deliver(changes(2, 10_000));
      await compact(CHANGED_AT_SECONDS + 20_000);
      expect(await ask()).toMatchObject({ pieces: [] });
      let count = 0;
      for await (const batch of rows) count += batch.length;
      expect(count).toBe(400_000 + MANY);
    } finally {
      await reading.close();
    }
  }));

test("a statement of a time, and one of the history, make no pieces", () =>
  withReader(async ({ ask, deliver, kept, lake }) => {
    await deliver(changes(MANY));
    await ask();
    expect(await ask("SELECT count(*) FROM t_history")).toMatchObject({ rows: [String(MANY)], pieces: [] });
    const tables = [await openTableOf(lake.store, schemaWith({ n: { type: "int" } }))];
    const reading = await openLakeFolder(lake.root, LIMITS);
    try {
      const asOfSeconds = CHANGED_AT_SECONDS + 9;
      const request = { tables, sql: "SELECT count(*) FROM t", numbers: "string", asOfSeconds } as const;
      const { rows } = await startQuery(reading, { ...request, keptLog: kept });
      for await (const batch of rows) expect(batch).toEqual([["10"]]);
      expect((await readdir(reading.session.temporaryFolder)).filter((name) => /piece/.test(name))).toEqual(
        [],
      );
    } finally {
      await reading.close();
    }
  }));

test("another schema makes pieces of its own", () =>
  withReader(async ({ ask, deliver, setSchema }) => {
    await deliver(changes(MANY));
    await ask();
    expect(await ask()).toMatchObject({ pieces: ["piece-0.parquet"] });
    await setSchema(schemaWith({ n: { type: "int" }, later: { type: "string" } }));
    await deliver(changes(1, MANY));
    const sql = "SELECT later FROM t WHERE later IS NOT NULL";
    expect(await ask(sql)).toEqual({ rows: [`later ${MANY}`], pieces: ["piece-1.parquet"] });
  }));

test("a newer change that carries an earlier time is found, as far as the allowance goes", () =>
  withReader(async ({ ask, compact, deliver }) => {
    const at = (offset: number, id: string, version: number): Change => ({
      id,
      n: version,
      version,
      atSeconds: CHANGED_AT_SECONDS + offset,
    });
    await deliver([at(0, "a", 1), at(0, "b", 1), at(1_000, "z", 2)]);
    await compact(CHANGED_AT_SECONDS + 20_000);
    await deliver([at(950, "a", 9), at(1_001, "a", 5), at(950, "b", 7)]);
    // What came late is shown once it is folded, unless its key stands.
    expect((await ask("SELECT id, n FROM t ORDER BY id")).rows).toEqual(["a 9", "b 1", "z 2"]);
    await deliver(changes(MANY, 10_000));
    const sql = "SELECT id, n FROM t WHERE id < 'c' ORDER BY id";
    for (let time = 0; time < 3; time++) expect((await ask(sql)).rows).toEqual(["a 9", "b 1"]);
  }));

test("large objects are read as they are", () =>
  withReader(async ({ ask, deliver, kept, lake }) => {
    await deliver(changes(MANY));
    const known = new Set(await lake.store.names("t/changes/"));
    const text = randomBytes(900_000).toString("base64");
    await deliver([{ id: "large", n: 1, version: 5, atSeconds: CHANGED_AT_SECONDS, text }]);
    await ask();
    expect(await ask()).toMatchObject({ pieces: ["piece-0.parquet"] });
    const paths = await lake.store.names("t/changes/");
    const [large = ""] = paths.filter((path) => !known.has(path));
    await writeFile(join(lake.root, large), "no rows");
    const schema = schemaWith({ n: { type: "int" } });
    await expect(statement(lake, schema, ROWS, kept)).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
  }));

test.each(["DISK_FULL", "STORE_FAILED", "LAKE_DAMAGED", "ENGINE_FAILED"] as const)(
  "where a piece cannot be made (%s), statements read the objects",
  (code) =>
    withReader(async ({ ask, deliver, kept, lake }) => {
      await deliver(changes(MANY));
      await ask();
      const run = () => Promise.reject(new DynalakeError(code, "no piece"));
      const session = {
        run,
        temporaryFolder: lake.session.temporaryFolder,
      } as unknown as LakeFolder["session"];
      const table = await openTableOf(lake.store, schemaWith({ n: { type: "int" } }));
      await kept.changesOf({ ...lake, session }, table);
      const { pieces, rows } = await ask();
      expect(pieces).toEqual([]);
      expect(rows).toHaveLength(MANY);
    }),
);

test("a statement that is cut short while it joins leaves it to the next one", () =>
  withReader(async ({ ask, deliver, kept, lake }) => {
    await deliver(changes(MANY));
    await ask();
    const run = () => Promise.reject(new Error("cut short"));
    const session = {
      run,
      temporaryFolder: lake.session.temporaryFolder,
    } as unknown as LakeFolder["session"];
    const table = await openTableOf(lake.store, schemaWith({ n: { type: "int" } }));
    await expect(kept.changesOf({ ...lake, session }, table)).rejects.toThrow("cut short");
    expect(await ask()).toMatchObject({ pieces: ["piece-1.parquet"] });
  }));

test("where a piece can have no second name, statements read the objects", () =>
  withReader(async ({ deliver, kept, lake }) => {
    await deliver(changes(MANY));
    const table = await openTableOf(lake.store, schemaWith({ n: { type: "int" } }));
    await kept.changesOf(lake, table);
    const session = { run: (sql: string) => lake.session.run(sql), temporaryFolder: join(lake.root, "none") };
    const relation = await kept.changesOf({ ...lake, session: session as LakeFolder["session"] }, table);
    const objects = await table.changes.since({ dt: "2000-01-01", hr: "00" });
    const sql = relation(table.schema, { objects, sinceHour: { dt: "2000-01-01", hr: "00" } });
    for (const { path } of objects) expect(sql).toContain(basename(path));
    expect(await lake.session.rows(`SELECT count(*) AS n FROM ${sql}`)).toEqual([{ n: BigInt(MANY) }]);
  }));

const someChange = fc.record({
  id: fc.constantFrom("a", "b", "c", "d"),
  n: fc.nat(9),
  version: fc.nat(60),
  late: fc.nat(150),
  isRemoval: fc.boolean(),
});
const someStep = fc.oneof(
  { weight: 6, arbitrary: fc.array(someChange, { minLength: 8, maxLength: 20 }) },
  { weight: 2, arbitrary: fc.constant("compact" as const) },
  { weight: 3, arbitrary: fc.constant("ask" as const) },
);

test("whatever is delivered and folded between them, statements find what those of others find", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { minLength: 8, maxLength: 16 }), (steps) =>
      withReader(async ({ ask, compact, deliver }) => {
        let nowSeconds = CHANGED_AT_SECONDS;
        for (const step of steps) {
          nowSeconds += 20;
          if (step === "compact") await compact(nowSeconds);
          else if (step !== "ask")
            await deliver(
              step.map(({ late, ...change }, i) => ({
                ...change,
                version: change.version + nowSeconds - CHANGED_AT_SECONDS,
                atSeconds: nowSeconds + i - late,
              })),
            );
          await ask();
        }
      }),
    ),
    { numRuns: 15, endOnFailure: true },
  );
});
