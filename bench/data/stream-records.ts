/** Book reviews of several sizes as stream records with both images, the same at every run. */
import { randomOf } from "../../test/support/random.ts";

const random = randomOf(1);
const words = Array.from({ length: 4_000 }, () =>
  Array.from({ length: random.integer(2, 10) }, () => random.choice([..."abdeghilmnorstu"])).join(""),
);

export type ItemSize = "300 B" | "1 KB" | "10 KB" | "mix";

/** Bytes of an item of each kind; the mix is 60% small, 30% middling and 10% large ones. */
export const itemSizes: Readonly<Record<ItemSize, () => number>> = {
  "300 B": () => 300,
  "1 KB": () => 1_000,
  "10 KB": () => 10_000,
  mix: () => {
    const share = random.next();
    return share < 0.6 ? 300 : share < 0.9 ? 1_000 : 10_000;
  },
};

/** A review of about so many bytes, and an ending of its text. */
export function review(bytes: number, ending = ""): Record<string, unknown> {
  const item: Record<string, unknown> = {
    User: { S: `u${random.integer(0, 9_999_999)}` },
    Book: { S: `b${random.integer(0, 99_999_999)}` },
    Rating: { N: String(random.integer(1, 5)) },
    ReviewedAt: { N: String(1_167_609_600_000 + random.integer(0, 536_500_000)) },
    Author: { S: `${random.choice(words)} ${random.choice(words)}` },
    Price: { N: String(random.integer(99, 9_999) / 100) },
    Helpful: { BOOL: random.next() < 0.6 },
  };
  if (bytes > 400) {
    const editions = [1950, 2001].map((year) => ({
      M: { year: { N: String(year) }, format: { S: "ebook" } },
    }));
    item.Tags = { SS: ["classic", "fantasy", "history"] };
    item.Details = {
      M: { publisher: { S: "Penguin" }, pages: { N: "412" }, editions: { L: editions } },
    };
  }
  const missing = bytes - JSON.stringify(item).length - 20;
  let text = "";
  while (text.length < missing) text += `${random.choice(words)} `;
  item.Review = { S: text + ending };
  return item;
}

export interface RecordMarks {
  readonly sequenceNumber: string;
  /** Seconds since the epoch. */
  readonly madeAtSeconds: number;
}

/** The record of a MODIFY that made the item what it is. */
export function modifyRecord(after: Readonly<Record<string, unknown>>, marks: RecordMarks): object {
  return {
    eventID: `5a1f${marks.sequenceNumber}`,
    eventName: "MODIFY",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    dynamodb: {
      ApproximateCreationDateTime: marks.madeAtSeconds,
      Keys: { User: after.User, Book: after.Book },
      NewImage: after,
      OldImage: { ...after, Rating: { N: "1" } },
      SequenceNumber: marks.sequenceNumber,
      SizeBytes: JSON.stringify(after).length * 2,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  };
}
