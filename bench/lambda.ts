/**
 * The stream function as Lambda starts it: the size of each bundle, the time from the start of a process to the first
 * delivery, then duration and memory of whole batches; beside a function that knows nothing but client-firehose.
 * `npm run bench:lambda -- [rounds] [path of a node]`
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type BuildResult, build } from "esbuild";
import { parseSchema } from "../src/core/schema/schema.ts";
import { changeEvent } from "./change-event.ts";
import { lambdaServices } from "./lambda-services.ts";
import { REVIEWS_SCHEMA } from "./reviews-export.ts";
import { itemSizes } from "./stream-records.ts";
import { median } from "./timed-process.ts";

const rounds = Number(process.argv[2] ?? 7);
const node = process.argv[3] ?? process.execPath;
const RECORDS = 1_000;

interface Figures {
  readonly importMs: number;
  readonly firstDeliveryMs: number;
  readonly wallMsPerThousand: number;
  readonly cpuMsPerThousand: number;
  readonly peakMegabytes: number;
}

/** Delivers each record as it is, all in one of Firehose's, and does nothing else. */
const ALONE = `
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
const client = new FirehoseClient({});
export async function deliver({ Records }) {
  const Data = Buffer.from(Records.map((record) => JSON.stringify(record.dynamodb.NewImage) + "\\n").join(""));
  await client.send(new PutRecordBatchCommand({ DeliveryStreamName: "reviews", Records: [{ Data }] }));
}`;

const OURS = `
import { handler } from "./index.mjs";
const context = { awsRequestId: "1", functionName: "stream", memoryLimitInMB: "1024", invokedFunctionArn: "arn" };
export async function deliver(event) {
  const { batchItemFailures } = await handler(event, context);
  if (batchItemFailures.length > 0) throw new Error("not all records were delivered");
}`;

const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
const services = await lambdaServices(parseSchema(REVIEWS_SCHEMA, "bench"));
try {
  const { bundleHandlers } = await import(join(import.meta.dirname, "..", "build.mjs"));
  const bundles = (await bundleHandlers()) as BuildResult<{ write: false }>;
  for (const { path, contents } of bundles.outputFiles.filter((file) => file.path.endsWith(".mjs"))) {
    const home = join(folder, basename(dirname(path)));
    await mkdir(home, { recursive: true });
    await writeFile(join(home, "index.mjs"), contents);
    await writeFile(join(home, "schema.json"), JSON.stringify(REVIEWS_SCHEMA));
    console.log(`${basename(dirname(path)).padEnd(20)}${kibibytes(contents.length)}`);
  }
  const ours = join(folder, "stream", "deliver.mjs");
  await writeFile(ours, OURS);
  const alone = join(folder, "alone.mjs");
  const { outputFiles } = await build({
    stdin: { contents: ALONE, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    write: false,
  });
  await writeFile(alone, outputFiles[0]?.contents ?? "");
  console.log(`${"client-firehose".padEnd(20)}${kibibytes(outputFiles[0]?.contents.length ?? 0)}`);
  const event = join(folder, "event.json");
  await writeFile(event, changeEvent(RECORDS, itemSizes.mix));
  await compare(ours, alone, event);
} finally {
  services.close();
  await rm(folder, { recursive: true, force: true });
}

async function compare(ours: string, alone: string, event: string): Promise<void> {
  const figures: Record<"ours" | "alone", Figures[]> = { ours: [], alone: [] };
  for (let round = 0; round < rounds; round++) {
    figures.ours.push(await instance(ours, event));
    figures.alone.push(await instance(alone, event));
  }
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  console.log(
    `\nNode.js ${version}, medians of ${rounds} rounds, a thousand records are the mix of bench:changes`,
  );
  console.log(
    ["", "dynalake", "alone"].map((cell, i) => (i === 0 ? cell.padEnd(32) : cell.padStart(10))).join(""),
  );
  const rows: readonly (readonly [string, keyof Figures])[] = [
    ["import, ms", "importMs"],
    ["start to first delivery, ms", "firstDeliveryMs"],
    ["a thousand records, wall ms", "wallMsPerThousand"],
    ["a thousand records, CPU ms", "cpuMsPerThousand"],
    ["peak memory, MB", "peakMegabytes"],
  ];
  for (const [name, figure] of rows) {
    const cells = [figures.ours, figures.alone].map((all) =>
      median(all.map((each) => each[figure]))
        .toFixed(0)
        .padStart(10),
    );
    console.log(`${name.padEnd(32)}${cells.join("")}`);
  }
}

/** In a process of its own, whose services answer from this one. */
async function instance(module: string, event: string): Promise<Figures> {
  const script = join(import.meta.dirname, "lambda-instance.mjs");
  const { stdout } = await promisify(execFile)(node, [script, module, event], {
    env: {
      AWS_ENDPOINT_URL: services.url,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      POWERTOOLS_LOG_LEVEL: "SILENT",
      POWERTOOLS_METRICS_NAMESPACE: "bench",
      LAKE_BUCKET: "bench",
      LAKE_DATABASE: "bench",
      LAKE_WORKGROUP: "bench",
      DELIVERY_STREAM: "reviews",
      SCHEMA_SETTLE_SECONDS: "60",
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as Figures;
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0).padStart(6)} KiB`;
}
