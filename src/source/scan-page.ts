/** Pages of a scan as the service writes them. */
import { type DynamoDBClient, ScanCommand, type ScanInput } from "@aws-sdk/client-dynamodb";
import { type AttributeJson, toSdkAttribute } from "./item-json.ts";
import { writtenAnswer } from "./written-answer.ts";

/** Attributes by their names, in DynamoDB JSON. */
export type WrittenItem = Readonly<Record<string, AttributeJson>>;

export interface ScanPageInput extends Omit<ScanInput, "ExclusiveStartKey"> {
  readonly ExclusiveStartKey?: WrittenItem;
}

/** The answer of Scan. */
export interface WrittenPage {
  readonly Items?: readonly WrittenItem[];
  readonly ScannedCount?: number;
  readonly LastEvaluatedKey?: WrittenItem;
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** Calls Scan; throws what the SDK throws. */
export async function scanWrittenPage(
  client: DynamoDBClient,
  { ExclusiveStartKey: startKey, ...input }: ScanPageInput,
  abortSignal: AbortSignal,
): Promise<WrittenPage> {
  const start = startKey && { ExclusiveStartKey: sdkKey(startKey) };
  const command = new ScanCommand({ ...input, ...start });
  return (await writtenAnswer<WrittenPage>(command, () => client.send(command, { abortSignal }))) ?? {};
}

function sdkKey(key: WrittenItem): NonNullable<ScanInput["ExclusiveStartKey"]> {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, toSdkAttribute(value)]));
}
