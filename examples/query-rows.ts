/**
 * Streams a query's columns and rows, with every digit of every number. Run quick-start.ts first: it makes the lake.
 *
 *     npx tsx examples/query-rows.ts [LAKE_FOLDER]
 */
import { openLake } from "dynalake";

const [lakeFolder = "lake"] = process.argv.slice(2);
await using lake = await openLake(lakeFolder);

// Rows are computed as they are read, so a result may be larger than memory.
const reviews = lake.query(`SELECT "user", book, price, likes FROM reviews ORDER BY "user", book`);
const columns = await reviews.columns();
console.log(columns.map(({ name, type }) => `${name} ${type}`).join(" | "));
for await (const cells of reviews.arrays()) console.log(cells.join(" | "));

// Decimals are strings. Wide integers are numbers where that is exact, otherwise bigints, or always what `numbers` says.
const likes = lake.query<{ likes: bigint }>("SELECT likes FROM reviews WHERE likes > 0", {
  numbers: "bigint",
});
let sum = 0n;
for await (const row of likes) sum += row.likes;
console.log(`${sum} likes`);
