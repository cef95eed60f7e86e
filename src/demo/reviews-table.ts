/** The demo's source: the Reviews table on an emulator, and what the demo does to it. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import type { SourceConnection } from "../source/source-connection.ts";
import { sourceError } from "../source/source-error.ts";
import type { Review } from "./reviews.ts";

/** Where the table is. What fails there fails with an error of a source, such as UNREACHABLE. */
export type WrittenSource = Pick<SourceConnection, "client" | "place">;

export const REVIEWS_TABLE = "Reviews";

/** Hash key User, sort key Book, and a stream with new and old images. */
export async function createReviewsTable(source: WrittenSource): Promise<void> {
  await attempt(source, "create", (client) =>
    client.send(
      new CreateTableCommand({
        TableName: REVIEWS_TABLE,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "User", AttributeType: "S" },
          { AttributeName: "Book", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "User", KeyType: "HASH" },
          { AttributeName: "Book", KeyType: "RANGE" },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    ),
  );
}

const BATCH_ITEMS = 25;

/** Loads reviews, 25 a request, and resends what the service did not process. */
export async function loadReviews(source: WrittenSource, items: readonly Review[]): Promise<void> {
  for (let from = 0; from < items.length; from += BATCH_ITEMS) {
    let requests: WriteRequest[] = items
      .slice(from, from + BATCH_ITEMS)
      .map((review) => ({ PutRequest: { Item: attributesOf(review) } }));
    while (requests.length > 0) {
      const answer = await attempt(source, "write to", (client) =>
        client.send(new BatchWriteItemCommand({ RequestItems: { [REVIEWS_TABLE]: requests } })),
      );
      requests = answer.UnprocessedItems?.[REVIEWS_TABLE] ?? [];
    }
  }
}

export async function putReview(source: WrittenSource, review: Review): Promise<void> {
  await attempt(source, "write to", (client) =>
    client.send(new PutItemCommand({ TableName: REVIEWS_TABLE, Item: attributesOf(review) })),
  );
}

export async function changeAuthor(
  source: WrittenSource,
  key: Pick<Review, "User" | "Book">,
  author: string,
): Promise<void> {
  await attempt(source, "write to", (client) =>
    client.send(
      new UpdateItemCommand({
        TableName: REVIEWS_TABLE,
        Key: { User: { S: key.User }, Book: { S: key.Book } },
        UpdateExpression: "SET Author = :author",
        ExpressionAttributeValues: { ":author": { S: author } },
      }),
    ),
  );
}

export async function deleteReview(source: WrittenSource, key: Pick<Review, "User" | "Book">): Promise<void> {
  await attempt(source, "write to", (client) =>
    client.send(
      new DeleteItemCommand({
        TableName: REVIEWS_TABLE,
        Key: { User: { S: key.User }, Book: { S: key.Book } },
      }),
    ),
  );
}

async function attempt<T>(
  { client, place }: WrittenSource,
  verb: string,
  call: (client: WrittenSource["client"]) => Promise<T>,
): Promise<T> {
  try {
    return await call(client);
  } catch (error) {
    throw sourceError(error, { place, attempt: `${verb} table "${REVIEWS_TABLE}"` });
  }
}

function attributesOf(review: Review): Record<string, { S: string } | { N: string }> {
  return {
    User: { S: review.User },
    Book: { S: review.Book },
    Rating: { N: String(review.Rating) },
    ...(review.Review === undefined ? {} : { Review: { S: review.Review } }),
    ...(review.Author === undefined ? {} : { Author: { S: review.Author } }),
  };
}
