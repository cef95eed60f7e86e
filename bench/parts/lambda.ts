/**
 * The stream function as Lambda starts it: the size of each bundle, the time from the start of a process to the first
 * delivery, then duration and memory of whole batches; beside a function that knows nothing but client-firehose.
 * `npm run bench:lambda -- [rounds] [path of a node]`
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type BuildResult, build } from "esbuild";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { withScratchFolder } from "../cache-folder.ts";
import { changeEvent } from "../data/change-event.ts";
import { REVIEWS_SCHEMA } from "../data/reviews-export.ts";
import { itemSizes } from "../data/stream-records.ts";
import { inTurn } from "../measuring/in-turn.ts";
import {
  DELIVERY_STREAM,
  type LambdaServices,
  lambdaServices,
  SOURCE,
} from "../measuring/lambda-services.ts";
import type { Report } from "../part.ts";
import { textTable } from "../report/text-table.ts";
import { median, pairRatios } from "../statistics.ts";

const RECORDS = 1_000;
const run = promisify(execFile);

interface Figures {
  readonly importMs: number;
  readonly firstDeliveryMs: number;
  readonly firstDeliveryCpuMs: number;
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
  await client.send(new PutRecordBatchCommand({ DeliveryStreamName: "${DELIVERY_STREAM}", Records: [{ Data }] }));
}`;

const OURS = `
import { handler } from "./index.mjs";
const context = { awsRequestId: "1", functionName: "stream", memoryLimitInMB: "1024", invokedFunctionArn: "arn" };
export async function deliver(event) {
  const { batchItemFailures } = await handler(event, context);
  if (batchItemFailures.length > 0) throw new Error("not all records were delivered");
}`;

export async function lambdaPart([
  rounds = "7",
  node = process.execPath,
]: readonly string[]): Promise<Report> {
  const services = await lambdaServices(parseSchema(REVIEWS_SCHEMA, "bench"));
  try {
    return await withScratchFolder(async (folder) => {
      const bundles = await writeBundles(folder);
      const event = join(folder, "event.json");
      await writeFile(event, changeEvent(RECORDS, itemSizes.mix));
      const instance = (module: string) => () => instanceFigures({ node, services, module, event });
      const jobs = { ours: instance(bundles.ours), alone: instance(bundles.alone) };
      const figures = await inTurn(jobs, Number(rounds));
      const version = (await run(node, ["--version"])).stdout.trim();
      const title = `Node.js ${version}, medians of ${rounds} rounds, a thousand records are the mix of bench:changes`;
      return {
        text: [textTable(["", "KiB"], bundles.sizes, 0), "", title, figuresTable(figures)].join("\n"),
        ratios: {
          "start to first delivery / client-firehose alone, CPU": ratiosOf(figures, "firstDeliveryCpuMs"),
          "a thousand records / client-firehose alone, CPU": ratiosOf(figures, "cpuMsPerThousand"),
          "peak memory / client-firehose alone": ratiosOf(figures, "peakMegabytes"),
        },
        plots: {},
      };
    });
  } finally {
    services.close();
  }
}

interface Bundles {
  /** The modules that export `deliver`. */
  readonly ours: string;
  readonly alone: string;
  /** Names and KiB. */
  readonly sizes: readonly (readonly [string, number])[];
}

async function writeBundles(folder: string): Promise<Bundles> {
  const sizes: (readonly [string, number])[] = [];
  const { bundleHandlers } = await import(join(import.meta.dirname, "..", "..", "build.mjs"));
  const handlers = (await bundleHandlers()) as BuildResult<{ write: false }>;
  for (const { path, contents } of handlers.outputFiles.filter((file) => file.path.endsWith(".mjs"))) {
    const name = basename(dirname(path));
    const home = join(folder, name);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, "index.mjs"), contents);
    await writeFile(join(home, "schema.json"), JSON.stringify(REVIEWS_SCHEMA));
    sizes.push([name, contents.length / 1024]);
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
  sizes.push(["client-firehose", (outputFiles[0]?.contents.length ?? 0) / 1024]);
  return { ours, alone, sizes };
}

type AllFigures = Readonly<Record<"ours" | "alone", readonly Figures[]>>;

function ratiosOf({ ours, alone }: AllFigures, what: keyof Figures): readonly number[] {
  return pairRatios(
    ours.map((each) => each[what]),
    alone.map((each) => each[what]),
  );
}

const FIGURES: readonly (readonly [string, keyof Figures])[] = [
  ["import, ms", "importMs"],
  ["start to first delivery, ms", "firstDeliveryMs"],
  ["start to first delivery, CPU ms", "firstDeliveryCpuMs"],
  ["a thousand records, wall ms", "wallMsPerThousand"],
  ["a thousand records, CPU ms", "cpuMsPerThousand"],
  ["peak memory, MB", "peakMegabytes"],
];

function figuresTable({ ours, alone }: AllFigures): string {
  const rows = FIGURES.map(([name, what]) => [
    name,
    ...[ours, alone].map((all) => median(all.map((each) => each[what]))),
  ]);
  return textTable(["", "dynalake", "alone"], rows, 0);
}

interface Instance {
  readonly node: string;
  readonly services: LambdaServices;
  readonly module: string;
  readonly event: string;
}

/** In a process of its own, whose services answer from this one. */
async function instanceFigures({ node, services, module, event }: Instance): Promise<Figures> {
  const script = join(import.meta.dirname, "..", "measuring", "lambda-instance.mjs");
  const { stdout } = await run(node, [script, module, event], {
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
      SOURCE,
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as Figures;
}
