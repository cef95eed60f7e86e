/** Columns for attributes that appear, while another process works on the same table. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { changeSchema } from "../../../src/core/compaction/schema-commit.ts";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { requireTable } from "../../../src/core/table/open-table.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import { compactTable } from "../../../src/embedded/compaction/compact-table.ts";
import { FILE_LIMITS, parquetSink } from "../../../src/embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { newRunId, nowSeconds } from "../../../src/sdk/new-run-id.ts";
import { withFolder } from "../../support/folders.ts";

const ID = { Id: { type: "string" } } as const;
const FILE = { table: "t", key: { hash: "Id" }, evolve: "all", attributes: ID };
const SCHEMA = parseSchema(FILE, "a test");
const WITH_SIZE = parseSchema({ ...FILE, attributes: { ...ID, Size: { type: "bigint" } } }, "a test");

/** A lake with a change that has an attribute without a column. */
async function withColor(use: (lake: LakeFolder) => Promise<void>): Promise<void> {
  await withFolder(async (own) => {
    const lake = await openLakeFolder(join(own, "lake"));
    try {
      await writeSchema(lake.store, SCHEMA);
      const record = {
        eventName: "INSERT",
        dynamodb: {
          ApproximateCreationDateTime: nowSeconds() - 100,
          Keys: { Id: { S: "a" } },
          NewImage: { Id: { S: "a" }, Color: { S: "red" } },
          SequenceNumber: "1",
        },
      };
      const context = {
        store: lake.store,
        sink: parquetSink(lake.root, SCHEMA, lake.session),
        writer: lineWriter(rowCodec(SCHEMA)),
        rowBytesMax: FILE_LIMITS.recordBytesMax,
      };
      await deliver(context, { records: [record], source: "a stream", arrivedAtSeconds: nowSeconds() });
      await use(lake);
    } finally {
      await lake.close();
    }
  });
}

/** Compacts, and another process adds a column at the first statement of this kind. Returns the columns that were told. */
async function compactedBeside(
  lake: LakeFolder,
  isTime: (statement: "stage" | "rows", kinds: readonly string[]) => boolean,
): Promise<readonly string[]> {
  const kinds: string[] = [];
  let others = 0;
  const beside = async (statement: "stage" | "rows"): Promise<void> => {
    if (others > 0 || !isTime(statement, kinds)) return;
    others++;
    await changeSchema({ store: lake.store, newRunId, nowSeconds }, WITH_SIZE, "another process");
  };
  const engine: LakeFolder["engine"] = {
    ...lake.engine,
    stage: async (stage) => {
      await beside("stage");
      return lake.engine.stage(stage);
    },
    rows: async (sql) => {
      await beside("rows");
      return lake.engine.rows(sql);
    },
  };
  const told: string[] = [];
  await compactTable({ ...lake, engine }, SCHEMA, {
    scope: "all",
    settleSeconds: 0,
    onCommit: ({ kind }) => void kinds.push(kind),
    onFollowed: ({ added }) => void told.push(...added),
  });
  expect(others).toBe(1);
  const { schema } = await requireTable(lake.store, "t");
  expect(schema.columns.map(({ attribute }) => attribute)).toEqual(["Id", "Size", "Color"]);
  return told;
}

test("what a compaction has folded gets its columns, also where it then had to plan again", async () => {
  await withColor(async (lake) => {
    const told = await compactedBeside(lake, (statement, kinds) => statement === "stage" && kinds.length > 0);
    expect(told).toEqual(["color"]);
  });
});

test("columns that another process adds in the meantime stay", async () => {
  await withColor(async (lake) => {
    const told = await compactedBeside(
      lake,
      (statement, kinds) => statement === "rows" && kinds.includes("major"),
    );
    expect(told).toEqual(["color"]);
  });
});
