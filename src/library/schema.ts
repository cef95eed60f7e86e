/** Schemas as the library takes and returns them: the content of a schema file. */

/** What a schema file says of one lake table; docs/schemas.md describes every member. */
export interface TableSchema {
  /** Where editors find the JSON Schema of the file. */
  readonly $schema?: string | undefined;
  /** The lake table's name in SQL: lower-case letters, digits and `_`, beginning with a letter. */
  readonly table: string;
  /** The DynamoDB table. Default: the lake table's name. */
  readonly source?: string | undefined;
  readonly key: TableKey;
  /** Which items belong to the table, for single-table designs: every attribute meets its condition. */
  readonly where?: Readonly<Record<string, AttributeCondition>> | undefined;
  /** `bucket(n)` of the key, or `year(column)`, `month(column)`, `day(column)`, `identity(column)`. */
  readonly partitionBy?: string | undefined;
  /** What follows the data by itself: new columns and wider types, types alone, or nothing, which is the default. */
  readonly evolve?: "all" | "types" | "none" | undefined;
  /** The attributes that become columns. All others are kept in `_unmapped`. */
  readonly attributes: Readonly<Record<string, AttributeSchema>>;
}

/** The names of a table's key attributes. */
export interface TableKey {
  readonly hash: string;
  readonly range?: string | undefined;
}

/** One of the four. */
export interface AttributeCondition extends TextTest {
  readonly exists?: boolean | undefined;
  /** None of these is met: what other tables take. */
  readonly not?: readonly TextTest[] | undefined;
}

/** One of the two. */
export interface TextTest {
  readonly equals?: string | undefined;
  readonly beginsWith?: string | undefined;
}

export interface AttributeSchema {
  /** The column's name. Default: the attribute's in lower case, with `_` for what a name cannot hold. */
  readonly name?: string | undefined;
  /** As Athena writes it, such as `decimal(10,2)` or `array<struct<year:int>>`. */
  readonly type?: string | undefined;
  /** How the attribute writes a timestamp. Default: `iso`. */
  readonly format?: "iso" | "epoch_seconds" | "epoch_millis" | undefined;
  /** The array comes from a DynamoDB set. */
  readonly set?: boolean | undefined;
  /** `sha256`: the column holds a keyed hash of the value. `drop`: the value never enters the lake. */
  readonly mask?: "sha256" | "drop" | undefined;
  /** The column is written, and no view shows it. */
  readonly hidden?: boolean | undefined;
}
