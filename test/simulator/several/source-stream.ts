/** The source table and its stream, as Lambda names and gives them. */
import { eventOf, type ModelRecord } from "../model-table.ts";

export const SOURCE_ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/model";
export const MAPPING = "model-mapping";

/** The record as Lambda gives it. */
export function recordOf(record: ModelRecord): unknown {
  return { ...(eventOf(record) as object), eventSourceARN: `${SOURCE_ARN}/stream/0` };
}
