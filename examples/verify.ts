/**
 * Compares every item of a lake with an export, and names each difference. Without `export`, `verify` compares with the source
 * table instead, while both change. Run quick-start.ts first: it makes the lake.
 *
 *     npx tsx examples/verify.ts [EXPORT_FOLDER] [LAKE_FOLDER]
 */
import { openLake } from "dynalake";

const [exportFolder = "examples/sample-export", lakeFolder = "lake"] = process.argv.slice(2);
await using lake = await openLake(lakeFolder);

const { result, sourceItems, lakeItems, differences } = await lake
  .table("reviews")
  .verify({ export: exportFolder });

console.log(`${result}: ${sourceItems} items in the export, ${lakeItems} in the lake`);
for (const { kind, key, attributes } of differences) console.log(kind, key, ...attributes);
if (result !== "identical") process.exitCode = 1;
