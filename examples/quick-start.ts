/**
 * Quick start: turns an export of a DynamoDB table into a lake, and asks it a question in SQL.
 *
 *     npx tsx examples/quick-start.ts [EXPORT_FOLDER] [LAKE_FOLDER]
 */
import { openLake } from "dynalake";

const [exportFolder = "examples/sample-export", lakeFolder = "lake"] = process.argv.slice(2);

await using lake = await openLake(lakeFolder);

// A schema says which attributes become columns. An export does not name the table's key, so we do.
const key = { hash: "User", range: "Book" };
const { schema, undecided } = await lake.infer({ export: exportFolder }, { key });
for (const [attribute, { type }] of Object.entries(schema.attributes)) console.log(`${attribute}: ${type}`);
for (const { attribute, why } of undecided) console.log(`Please check ${attribute}: ${why}`);

const { table, items } = await lake.snapshot({ export: exportFolder }, { schema });
console.log(`Table "${table}" has ${items} items.`);

const authors = lake.query<{ author: string; reviews: number; rating: number }>(
  `SELECT author, count(*) AS reviews, round(avg(rating), 1) AS rating
   FROM ${table} GROUP BY author ORDER BY reviews DESC, author`,
);
console.table(await authors.all());
