/** What the functions take from their environment; nothing else of theirs reads it. */
import { z } from "zod";
import type { AwsLakePlace } from "../aws-lake.ts";

/** An ARN or a name that a stack has given. */
const given = z.string().min(1);

const lakePlace = z.object({ LAKE_BUCKET: given, LAKE_DATABASE: given, LAKE_WORKGROUP: given });

export function lakePlaceOf(environment: NodeJS.ProcessEnv): AwsLakePlace {
  const { LAKE_BUCKET, LAKE_DATABASE, LAKE_WORKGROUP } = lakePlace.parse(environment);
  return { bucket: LAKE_BUCKET, database: LAKE_DATABASE, workGroup: LAKE_WORKGROUP };
}

/** A variable that the handler cannot do without. */
export function required(environment: NodeJS.ProcessEnv, name: string): string {
  return given.parse(environment[name], { error: () => `the variable ${name} is missing` });
}

/** A whole number of 0 or more. */
export function wholeNumber(environment: NodeJS.ProcessEnv, name: string): number {
  return z.coerce.number().int().min(0).parse(required(environment, name));
}
