/**
 * A compaction's and a vacuum's work with the partitions of a table that has two million of them, page by page as Glue lists them.
 * Prints what they have asked for, and their memory: for a process of its own (two-million-partitions.deep.test.ts).
 */
import type { GlueClient } from "@aws-sdk/client-glue";
import type { S3Client } from "@aws-sdk/client-s3";
import { glueCatalog } from "../../src/aws/glue-catalog.ts";
import { s3Store } from "../../src/aws/s3-store.ts";
import { collectSegments, registerNamed, removeEmptyPartitions } from "../../src/aws/segments-table.ts";
import { initialManifest, type Segment } from "../../src/core/format/manifest.ts";

const BUCKETS = 1000;
const RUNS = 2000;
/** These have files, and the others' are gone. */
const RUNS_WITH_FILES = 11;
const PARTITIONS = BUCKETS * RUNS;
const LIVE = RUNS - 1;
/** Of the live run, Glue lacks these. */
const FORGOTTEN: ReadonlySet<string> = new Set(["b0007", "b0500", "b0999"]);

const runName = (run: number): string => `20261129T120000-${String(run).padStart(6, "0")}-0a1b2c3d`;
const partName = (part: number): string => `b${String(part).padStart(4, "0")}`;
const parts = Array.from({ length: BUCKETS }, (_, part) => partName(part));

interface Sent {
  readonly constructor: { readonly name: string };
  readonly input: {
    readonly NextToken?: string;
    readonly Segment?: { readonly SegmentNumber: number; readonly TotalSegments: number };
    readonly PartitionsToGet?: readonly { readonly Values: readonly [string] }[];
    readonly PartitionInputList?: readonly unknown[];
    readonly PartitionsToDelete?: readonly unknown[];
    readonly Prefix?: string;
    readonly Delimiter?: string;
  };
}

/** How often each command was sent, and how many partitions it had to do with. */
let requests: Record<string, number> = {};
let partitions: Record<string, number> = {};

function count({ constructor: { name } }: Sent, many: number): void {
  requests[name] = (requests[name] ?? 0) + 1;
  partitions[name] = (partitions[name] ?? 0) + many;
}

const PAGE = 1000;

/** What it answers is made when it is asked for. */
async function glue(command: Sent): Promise<object> {
  const {
    NextToken,
    Segment,
    PartitionsToGet = [],
    PartitionInputList = [],
    PartitionsToDelete = [],
  } = command.input;
  switch (command.constructor.name) {
    case "GetTableCommand":
      return { Table: { StorageDescriptor: { Columns: [] } } };
    case "GetPartitionsCommand": {
      const { SegmentNumber = 0, TotalSegments = 1 } = Segment ?? {};
      const share = PARTITIONS / TotalSegments;
      const from = Number(NextToken ?? SegmentNumber * share);
      const Partitions = Array.from({ length: PAGE }, (_, i) => {
        const [run, part] = [Math.floor((from + i) / BUCKETS), (from + i) % BUCKETS];
        return { Values: [`b-${runName(run)}-${partName(part)}`] };
      });
      count(command, PAGE);
      return { Partitions, ...((from + PAGE) % share > 0 ? { NextToken: String(from + PAGE) } : {}) };
    }
    case "BatchGetPartitionCommand":
      count(command, PartitionsToGet.length);
      return {
        Partitions: PartitionsToGet.filter(({ Values: [id] }) => !FORGOTTEN.has(id.slice(-5))),
      };
    case "BatchCreatePartitionCommand":
      count(command, PartitionInputList.length);
      return {};
    case "BatchDeletePartitionCommand":
      count(command, PartitionsToDelete.length);
      return {};
    default:
      throw new Error(`${command.constructor.name} is not expected`);
  }
}

async function s3(command: Sent): Promise<object> {
  const { Prefix: prefix = "", Delimiter } = command.input;
  count(command, 0);
  const withFiles = Array.from({ length: RUNS_WITH_FILES }, (_, i) => runName(RUNS - 1 - i));
  if (Delimiter !== undefined)
    return { CommonPrefixes: withFiles.map((run) => ({ Prefix: `${prefix}${run}/` })) };
  const [, , run = ""] = prefix.split("/");
  if (!withFiles.includes(run)) return {};
  return { Contents: parts.map((part) => ({ Key: `${prefix}${part}/file.parquet`, Size: 1 })) };
}

const store = s3Store({ client: { send: s3 } as unknown as S3Client, bucket: "lake" });
const catalog = glueCatalog({ client: { send: glue } as unknown as GlueClient, database: "lake" });

/** What a piece of work has asked for. */
async function asked(work: () => Promise<unknown>): Promise<object> {
  [requests, partitions] = [{}, {}];
  const result = await work();
  return { result, requests, partitions };
}

const segments = parts.map((part): Segment => {
  const run = runName(LIVE);
  return { id: `b-${run}-${part}`, run, part, kind: "base", rows: 1, bytes: 1 };
});
const plan = await asked(() =>
  registerNamed(
    { store, catalog, bucket: "lake" },
    "t",
    { ...initialManifest(BUCKETS), segments },
    async () => [],
  ),
);
const commit = await asked(async () => {
  const rows = async () => segments.map(({ id }) => ({ _segment: id, rows: 1 }));
  const cut = { parts: parts.map((part) => ({ part })) };
  const stages = [{ kind: "base", run: runName(LIVE), cut }] as unknown as Parameters<
    typeof collectSegments
  >[2];
  const context = { store, catalog, bucket: "lake", database: "lake", rows };
  const written = await collectSegments(
    context as unknown as Parameters<typeof collectSegments>[0],
    "t",
    stages,
  );
  return written.length;
});
const vacuum = await asked(() => removeEmptyPartitions({ store, catalog }, "t"));
const megabytes = Math.round(process.resourceUsage().maxRSS / 1000);
process.stdout.write(JSON.stringify({ plan, commit, vacuum, megabytes }));
