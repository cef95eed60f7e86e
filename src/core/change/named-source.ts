/** What a stream record says of where it comes from. */

export interface NamedSource {
  /** The source table's name. */
  readonly table: string;
  /** Its ARN; undefined where the record has only the name. */
  readonly tableArn?: string | undefined;
}

/**
 * The source table of a record (parsed JSON): Lambda's events have the stream's ARN, some recorders write the table's name.
 * Undefined where the record has neither, as GetRecords' own do not.
 */
export function namedSource(record: unknown): NamedSource | undefined {
  if (typeof record !== "object" || record === null) return undefined;
  const { eventSourceARN, tableName } = record as Readonly<Record<string, unknown>>;
  const ofStream = typeof eventSourceARN === "string" ? sourceOfArn(eventSourceARN) : undefined;
  if (ofStream !== undefined) return ofStream;
  return typeof tableName === "string" ? { table: tableName } : undefined;
}

/** The table of an ARN of a table, or of something of it: a stream, an export. Undefined where it is no such ARN. */
export function sourceOfArn(arn: string): NamedSource | undefined {
  const [tableArn, table] = /^arn:[^:]+:dynamodb:[^:]*:[^:]*:table\/([^/]+)/.exec(arn) ?? [];
  return tableArn === undefined || table === undefined ? undefined : { table, tableArn };
}
