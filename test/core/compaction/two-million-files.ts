/**
 * A vacuum of a table with as many files as can be listed, page by page as S3 lists them. Prints what it has done, and its memory:
 * for a process of its own (two-million-files.deep.test.ts).
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { s3Store } from "../../../src/aws/s3-store.ts";
import { vacuum } from "../../../src/core/compaction/vacuum.ts";
import { manifestPath } from "../../../src/core/format/lake-path.ts";
import { initialManifest, manifestText, type Segment } from "../../../src/core/format/manifest.ts";
import { LISTED_MAX } from "../../../src/core/ports/object-store.ts";

const NOW_SECONDS = 1_800_000_000;
const DAY_SECONDS = 24 * 3600;
const BUCKETS = 1000;
const RUNS = LISTED_MAX / BUCKETS;
const PAGE = 1000;

const runName = (run: number): string => `20261129T120000-${String(run).padStart(6, "0")}-0a1b2c3d`;
const partName = (part: number): string => `b${String(part).padStart(4, "0")}`;

/** The newest run of all is live, and the ten before it are younger than a day. */
function segments(): readonly Segment[] {
  const run = runName(RUNS - 1);
  return Array.from({ length: BUCKETS }, (_, number) => {
    const part = partName(number);
    return { id: `b-${run}-${part}`, run, part, kind: "base", rows: 1, bytes: 1 };
  });
}

const manifest = { ...initialManifest(BUCKETS), sequence: 1, run: runName(RUNS - 1), segments: segments() };
const contents = new TextEncoder().encode(manifestText(manifest));

interface Sent {
  readonly constructor: { readonly name: string };
  readonly input: {
    readonly Prefix?: string;
    readonly Delimiter?: string;
    readonly ContinuationToken?: string;
    readonly Delete?: { readonly Objects: readonly unknown[] };
  };
}

const sent = { pages: 0, removed: 0, removals: 0 };

/** One page: what it answers is made when it is asked for. */
function page({ Prefix: prefix = "", Delimiter, ContinuationToken = "0" }: Sent["input"]): object {
  sent.pages++;
  if (prefix === "t/manifest/") return { Contents: [{ Key: manifestPath("t", 1), Size: contents.length }] };
  if (!prefix.startsWith("t/segments/")) return {};
  if (Delimiter !== undefined) {
    const from = Number(ContinuationToken);
    const CommonPrefixes = Array.from({ length: PAGE }, (_, i) => ({
      Prefix: `${prefix}${runName(from + i)}/`,
    }));
    const next = from + PAGE;
    return { CommonPrefixes, ...(next < RUNS ? { NextContinuationToken: String(next) } : {}) };
  }
  const days = prefix >= `t/segments/${runName(RUNS - 11)}/` ? 0 : 30;
  const Contents = Array.from({ length: BUCKETS }, (_, part) => ({
    Key: `${prefix}${partName(part)}/20261129_120000_00042_${partName(part)}.parquet`,
    Size: 4096,
    LastModified: new Date((NOW_SECONDS - days * DAY_SECONDS) * 1000),
  }));
  return { Contents };
}

async function send({ constructor: { name }, input }: Sent): Promise<object> {
  switch (name) {
    case "ListObjectsV2Command":
      return page(input);
    case "GetObjectCommand":
      return { Body: { transformToByteArray: async () => contents } };
    case "DeleteObjectsCommand":
      sent.removals++;
      sent.removed += input.Delete?.Objects.length ?? 0;
      return {};
    default:
      throw new Error(`${name} is not expected`);
  }
}

const store = s3Store({ client: { send } as unknown as S3Client, bucket: "lake" });
const policy = { retentionSeconds: 7 * DAY_SECONDS, graceSeconds: DAY_SECONDS };
const result = await vacuum(store, "t", policy, NOW_SECONDS);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1000);
process.stdout.write(
  JSON.stringify({ ...sent, files: result.files, kept: LISTED_MAX - result.files, megabytes }),
);
