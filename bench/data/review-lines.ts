/** The lines of a made-up export of book reviews: ten attributes with a set, a nested map, decimals, nulls and missing attributes. */
import { type Random, randomOf } from "../../test/support/random.ts";

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

/** Lines of the items from `from` on; the same lines for the same place in the same order of calls. */
export class ReviewLines {
  readonly #random: Random;
  readonly #words: readonly string[] = vocabulary();

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  text(from: number, below: number): string {
    let text = "";
    for (let i = from; i < below; i++) text += itemLine(this.#random, this.#words, i);
    return text;
  }
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
