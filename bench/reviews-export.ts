/**
 * A deterministic export of book reviews in the layout of ExportTableToPointInTime: ten attributes with a set, a nested
 * map, decimals, nulls and missing attributes, about 590 bytes an item.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Random, randomOf } from "../test/support/random.ts";

const FILES = 8;
const TAGS = [
  "art",
  "classic",
  "crime",
  "drama",
  "fantasy",
  "history",
  "poetry",
  "romance",
  "sci-fi",
  "travel",
];
const PUBLISHERS = ["Penguin", "Vintage", "Éditions Gallimard", "岩波書店", "Faber", "Tor"];
const FORMATS = ["paperback", "hardcover", "ebook", "audio"];
const SYLLABLES = [
  "ba",
  "co",
  "di",
  "fe",
  "gu",
  "ha",
  "in",
  "jo",
  "ka",
  "le",
  "mi",
  "no",
  "or",
  "pe",
  "ra",
  "th",
  "un",
];

/** The schema that both jobs use. */
export const REVIEWS_SCHEMA = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "User", range: "Book" },
  attributes: {
    User: { type: "string" },
    Book: { type: "string" },
    Rating: { type: "int" },
    Review: { type: "string" },
    Author: { type: "string" },
    ReviewedAt: { type: "timestamp", format: "epoch_millis" },
    Price: { type: "decimal(10,2)" },
    Tags: { type: "array<string>", set: true },
    Details: { type: "struct<publisher:string,pages:int,editions:array<struct<year:int,format:string>>>" },
    Helpful: { type: "boolean" },
  },
} as const;

/** Writes the export below `folder`. */
export async function writeReviewsExport(folder: string, items: number): Promise<void> {
  const prefix = "AWSDynamoDB/01700000000000-00000000";
  const home = join(folder, prefix);
  await mkdir(join(home, "data"), { recursive: true });
  const words = vocabulary();
  const lines: string[] = [];
  for (let file = 0; file < FILES; file++) {
    const from = Math.floor((items * file) / FILES);
    const below = Math.floor((items * (file + 1)) / FILES);
    const random = randomOf(file + 1);
    const pieces: Buffer[] = [];
    for (let start = from; start < below; start += 5000) {
      let text = "";
      for (let i = start; i < Math.min(below, start + 5000); i++) text += itemLine(random, words, i);
      pieces.push(gzipSync(text, { level: 6 }));
    }
    // Members of one gzip file may follow each other (RFC 1952, section 2.2).
    const content = Buffer.concat(pieces);
    const name = `${String(file).padStart(26, "0")}.json.gz`;
    await writeFile(join(home, "data", name), content);
    const md5Checksum = createHash("md5").update(content).digest("base64");
    lines.push(
      JSON.stringify({
        itemCount: below - from,
        md5Checksum,
        etag: "",
        dataFileS3Key: `${prefix}/data/${name}`,
      }),
    );
  }
  await writeManifest(home, "manifest-files", `${lines.join("\n")}\n`);
  const summary = {
    version: "2020-06-30",
    tableArn: "arn:aws:dynamodb:us-east-1:123456789012:table/Reviews",
    exportTime: "2023-11-14T22:13:20.000Z",
    manifestFilesS3Key: `${prefix}/manifest-files.json`,
    itemCount: items,
    outputFormat: "DYNAMODB_JSON",
  };
  await writeManifest(home, "manifest-summary", JSON.stringify(summary));
}

async function writeManifest(home: string, stem: string, text: string): Promise<void> {
  await writeFile(join(home, `${stem}.md5`), createHash("md5").update(text).digest("base64"));
  await writeFile(join(home, `${stem}.json`), text);
}

function vocabulary(): readonly string[] {
  const random = randomOf(0);
  return Array.from({ length: 4000 }, () =>
    Array.from({ length: random.integer(1, 5) }, () => random.choice(SYLLABLES)).join(""),
  );
}

function itemLine(random: Random, words: readonly string[], i: number): string {
  const chance = (share: number): boolean => random.next() < share;
  const word = (): string => words[Math.floor(random.next() ** 3 * words.length)] as string;
  const item: Record<string, unknown> = {
    User: { S: `u${String((i * 7919) % 100_003).padStart(7, "0")}` },
    Book: { S: `b${String(i).padStart(8, "0")}` },
    Rating: { N: String(random.integer(1, 5)) },
    ReviewedAt: { N: String(1_167_609_600_000 + Math.floor(random.next() * 536_500_000_000)) },
  };
  if (chance(0.01)) item.Review = { NULL: true };
  else if (chance(0.98)) {
    const text = Array.from({ length: random.integer(18, 42) }, word).join(" ");
    item.Review = {
      S: chance(0.1) ? `"${text.slice(0, 60)}"\n${text.slice(60)} — très bien \u{1F4DA}` : text,
    };
  }
  if (chance(0.95)) item.Author = { S: `${word()} ${word()}` };
  if (chance(0.95)) item.Price = { N: String(random.integer(99, 9999) / 100) };
  if (chance(0.9)) item.Tags = { SS: TAGS.filter(() => chance(0.25)).concat("zzz") };
  if (chance(0.85)) {
    const editions = Array.from({ length: random.integer(0, 3) }, () => ({
      M: { year: { N: String(random.integer(1950, 2023)) }, format: { S: random.choice(FORMATS) } },
    }));
    const publisher = { S: random.choice(PUBLISHERS) };
    item.Details = {
      M: { publisher, pages: { N: String(random.integer(60, 960)) }, editions: { L: editions } },
    };
  }
  if (chance(0.8)) item.Helpful = { BOOL: chance(0.6) };
  return `${JSON.stringify({ Item: item })}\n`;
}
