/** The table Reviews, which the lake of the fixture follows. */
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

export function createReviews(client: DynamoDBClient): Promise<unknown> {
  return client.send(
    new CreateTableCommand({
      TableName: "Reviews",
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
  );
}
