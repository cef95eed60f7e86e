/**
 * A snapshot of an export with 60,000 files by the steps of the deployment, each of which stages, counts or seeds them. Prints what they have
 * read, answered and needed: for a process of its own (sixty-thousand-files.deep.test.ts).
 */
import { tmpdir } from "node:os";
import { readExport } from "../../src/aws/source-export.ts";
import { beginExport } from "../../src/aws/steps/begin-export.ts";
import { clean } from "../../src/aws/steps/clean.ts";
import { commitStep } from "../../src/aws/steps/commit-step.ts";
import { planSeedStep } from "../../src/aws/steps/plan-seed.ts";
import { snapshotPart } from "../../src/aws/steps/snapshot-part.ts";
import { EXPORTS_FOLDER, exportsPrefix } from "../../src/core/format/deployment-path.ts";
import { stagedRowsPath, stagingRunFolder, tallyPath } from "../../src/core/format/lake-path.ts";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { Deployment, SOURCE } from "../crash-points/deployment.ts";
import { SOURCE_TABLE_ARN } from "../crash-points/export-service.ts";
import { Execution, once } from "../crash-points/machines.ts";
import { itemOf, NOW, shown, TABLE, worldSchema } from "../crash-points/world.ts";
import { exportLine, exportObjects } from "../support/export-folder.ts";

const FILES = 60_001;
/** The other files are empty, as many are of an export of a table that was split often. */
const FILES_WITH_ITEMS = 500;
const FILES_AT_ONCE = 50;

const session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder: tmpdir() });
const deployment = new Deployment(session);
deployment.deploy(worldSchema("bucket(150)"), 0);
deployment.nowSeconds = NOW + 500;
const { store } = deployment;

/** What a step answers, and in how many calls to the store. */
async function measured<T>(step: () => Promise<T>) {
  store.calls.length = 0;
  const answer = await step();
  return { answer, calls: store.calls.length };
}

const context = await deployment.steps();
const request = { execution: "one", source: SOURCE, sourceTableArn: SOURCE_TABLE_ARN, kmsKeyArn: undefined };
const { run, exportPrefix } = await beginExport(context, request);

// In place of the export that was begun.
const files = Array.from({ length: FILES }, (_, i) =>
  i < FILES_WITH_ITEMS ? [exportLine(itemOf(i, `c${i}`))] : [],
);
const exportTime = new Date(deployment.nowSeconds * 1000).toISOString();
const place = { prefix: `${exportsPrefix(SOURCE)}/`, id: exportPrefix.split("/").at(-2) ?? "" };
const exported = exportObjects({ files: files.map((content) => ({ content })), exportTime }, place);
for (const [name, content] of exported)
  store.objects.set(`${exportPrefix}${name}`, { content: Buffer.from(content), modifiedMs: 0 });

const listed = (await readExport(store, exportPrefix)).files;
const parts = listed.map((file, index) => ({ run, index, ...file, maskKey: undefined }));
for (let from = 0; from <= FILES_WITH_ITEMS; from += FILES_AT_ONCE)
  await Promise.all(parts.slice(from, from + FILES_AT_ONCE).map((part) => snapshotPart(context, part)));
// What has become of an empty file is the same for each of them.
const [firstEmpty, lastStaged] = [FILES_WITH_ITEMS, FILES_WITH_ITEMS + FILES_AT_ONCE - 1];
const splits = [0, 1];
for (let index = lastStaged + 1; index < FILES; index++) {
  const pathsOf = (of: number): readonly string[] => [
    ...splits.map((split) => stagedRowsPath(TABLE, run, of, split)),
    tallyPath(TABLE, run, of),
  ];
  const staged = pathsOf(firstEmpty);
  for (const [i, path] of pathsOf(index).entries())
    store.objects.set(path, store.objects.get(staged[i] ?? "") as never);
}
const planned = await measured(() => planSeedStep(context, { table: TABLE, run, exportPrefix }));
const plan = planned.answer;
await new Execution(deployment, once).stage(plan);
const committed = await measured(async () => commitStep(await deployment.steps(), plan.run));
const rows = Object.keys(await shown(deployment)).length;
const event = { table: TABLE, run, exportPrefix, exportTables: [TABLE], source: SOURCE, retentionHours: 168 };
const cleaned = await measured(async () => {
  await clean({ ...deployment.unopened(), isOver: () => false }, event);
});
await session.close();
const left = [EXPORTS_FOLDER, stagingRunFolder(TABLE, run)].flatMap((folder) => store.paths(folder)).length;
console.log(JSON.stringify({ files: listed.length, planned, committed, cleaned, left, rows }));
