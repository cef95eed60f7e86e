/**
 * A lake whose items and changes are made up by the engine: as large as a measurement asks for. It is kept for later runs
 * of the same sources.
 */
import { constants } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { seed } from "../../src/core/compaction/seed.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { literal } from "../../src/core/ports/dialect.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { type NumberRange, splitsFor } from "../../src/core/schema/staging-splits.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { segmentFiles } from "../../src/embedded/duckdb/file-relations.ts";
import { DEFAULT_LIMITS, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { SPLIT_LIMITS } from "../../src/embedded/snapshot/staged-export.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import { newRunId, nowSeconds } from "../../src/sdk/new-run-id.ts";
import { cachedFolder } from "../cache-folder.ts";

export const MADE_TABLE = "reviews";

const SCHEMA = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "User" },
  attributes: {
    User: { type: "string" },
    Rating: { type: "int" },
    Price: { type: "decimal(10,2)" },
    Author: { type: "string" },
    ReviewedAt: { type: "timestamp", format: "epoch_millis" },
    Review: { type: "string" },
  },
} as const;

/** The key of an item. */
export function userOf(i: number): string {
  return `user-${String(i).padStart(9, "0")}`;
}

/** Copies a lake of so many items to `root`, which must not exist yet. The original stays in the cache. */
export async function makeLake(root: string, items: number): Promise<void> {
  const cached = { name: `lake-${items}`, madeBy: ["src", "bench/data/made-lake.ts"] };
  const made = await cachedFolder(cached, (folder) => seedLake(folder, items));
  await cp(made, root, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Made-up items in the wire form. */
function stagedRows(items: number): string {
  return `SELECT *, substr(sha256('S\\x00\\x00\\x00\\x0E'::BLOB || encode("user")), 1, 32) AS _key FROM (SELECT
printf('user-%09d', range) AS "user", CAST(range % 5 + 1 AS INTEGER) AS rating, CAST(range % 9973 AS VARCHAR) || '.25' AS price,
'author ' || CAST(hash(range) % 5000 AS VARCHAR) AS author, strftime(make_timestamp(1600000000000000 + range * 1000000), '%Y-%m-%dT%H:%M:%SZ') AS reviewedat,
'word' || list_aggregate(list_transform(range(20), n -> CAST(hash(range * 20 + n) % 100000 AS VARCHAR)), 'string_agg', ' word') AS review,
CAST(NULL AS VARCHAR) AS _unmapped FROM range(${items}))`;
}

/** A snapshot whose items the engine makes up and divides as an export's are. */
async function seedLake(root: string, items: number): Promise<void> {
  const lake = await openLakeFolder(root, DEFAULT_LIMITS, new AbortController().signal);
  const folder = join(root, "made-up");
  try {
    const schema = parseSchema(SCHEMA, "the bench's schema");
    await writeSchema(lake.store, schema);
    const splits = splitsFor(undefined, items, SPLIT_LIMITS);
    const split = `CAST('0x' || substr(_key, 1, 8) AS BIGINT) * ${splits} // 4294967296`;
    await lake.session.run(
      `COPY (SELECT *, ${split} AS split FROM (${stagedRows(items)})) TO ${literal(folder)} (FORMAT parquet, PARTITION_BY (split))`,
    );
    const relation = ({ from, below }: NumberRange): string => {
      const folders = Array.from({ length: below - from }, (_, i) =>
        literal(join(folder, `split=${from + i}`, "*")),
      );
      return `read_parquet([${folders.join(", ")}], hive_partitioning = false)`;
    };
    await seed({
      store: lake.store,
      engine: lake.engine,
      schema,
      run: newRunId(),
      staged: relation({ from: 0, below: splits }),
      splits: { count: splits, together: 1, relation },
      items,
      exportTimeSeconds: nowSeconds() - 3600,
      cutSeconds: nowSeconds() - 3600,
      deliveryDelaySeconds: 0,
      snapshotsKept: 1,
      nowSeconds,
    });
  } finally {
    await lake.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files of the base, or of the deltas. */
export async function filesOf(root: string, kind: Segment["kind"]): Promise<readonly string[]> {
  const { segments } = await latestManifest(folderStore(root), MADE_TABLE);
  return segments
    .filter((segment) => segment.kind === kind)
    .flatMap((segment) => segmentFiles(root, MADE_TABLE, segment));
}

/** Lines of stream records: of ten changes eight modify an item, one removes one, and one inserts one. */
export function recordedChanges(items: number, from: number, count: number): string {
  const at = nowSeconds() - 30;
  const lines: string[] = [];
  for (let i = from; i < from + count; i++) {
    const kind = i % 10;
    // A prime step meets every item once before it meets one again.
    const n = kind === 9 ? items + i : (i * 7_368_787) % items;
    const Keys = { User: { S: userOf(n) } };
    const NewImage = {
      ...Keys,
      Rating: { N: "3" },
      Price: { N: "1.5" },
      Author: { S: `author ${i % 5000}` },
      ReviewedAt: { N: "1700000000000" },
      Review: { S: "word1 word2 word3 ".repeat(10) },
    };
    const dynamodb = {
      Keys,
      SequenceNumber: String(i + 1),
      ApproximateCreationDateTime: at,
      ...(kind === 8 ? {} : { NewImage }),
    };
    lines.push(
      JSON.stringify({ eventName: kind === 8 ? "REMOVE" : kind === 9 ? "INSERT" : "MODIFY", dynamodb }),
    );
  }
  return lines.join("\n");
}
