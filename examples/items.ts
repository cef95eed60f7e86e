/**
 * Writes a table's current items to a file, as the DynamoDB JSON lines that DynamoDB's import reads: to load them into another
 * table, or to compare them with the original. Run quick-start.ts first: it makes the lake.
 *
 *     npx tsx examples/items.ts [FILE] [LAKE_FOLDER]
 */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { openLake } from "dynalake";

const [file = "items.json", lakeFolder = "lake"] = process.argv.slice(2);
await using lake = await openLake(lakeFolder);

const reviews = lake.table("reviews");
await pipeline(reviews.items().lines(), createWriteStream(file));
console.log(`Wrote ${file}.`);

// The same items one by one. Numbers are text, so every digit is there.
for await (const { User, Book, Likes } of reviews.items()) console.log(User, Book, Likes);
