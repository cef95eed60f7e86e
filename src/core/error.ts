/**
 * Every failure that dynalake reports has a stable code. Codes are few and coarse: each means one thing for the user
 * to do next. docs/errors.md is generated from this catalog.
 */

export interface ErrorKind {
  /** What the code means, in one sentence. */
  readonly meaning: string;
  /** What the user does next, unless the error carries something more specific. */
  readonly next: string;
  /** Whether the same call may succeed later, with nothing changed. */
  readonly retryable: boolean;
}

const catalog = {
  USAGE: {
    meaning: "An option, an argument or a setting is invalid, or does not fit the others.",
    next: "Correct what the message names. --help lists the options of a command.",
    retryable: false,
  },
  SCHEMA_INVALID: {
    meaning: "A schema file is invalid. The message names the member.",
    next: "Correct that member of the schema file. docs/schemas.md describes all of them.",
    retryable: false,
  },
  SCHEMA_COLLISION: {
    meaning: "Two attributes have the same column name, because column names are lower case.",
    next: "Give one of them another column `name` in the schema file.",
    retryable: false,
  },
  TABLE_NOT_FOUND: {
    meaning: "The source table does not exist at this endpoint, or in this region and account.",
    next: "Check --source, --endpoint and the region, then run the command again.",
    retryable: false,
  },
  STREAM_UNUSABLE: {
    meaning: "The source table has no stream, or its stream does not carry new images.",
    next: "Enable a stream with the view type NEW_AND_OLD_IMAGES, then take a new snapshot.",
    retryable: false,
  },
  BACKUPS_OFF: {
    meaning: "Point-in-time recovery is off for the source table. An export requires it.",
    next: "Turn it on with `aws dynamodb update-continuous-backups`, then take the snapshot again.",
    retryable: false,
  },
  CREDENTIALS: {
    meaning: "AWS rejected the credentials, or none were found.",
    next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile that may read the table, then try again.",
    retryable: false,
  },
  UNREACHABLE: {
    meaning: "The endpoint does not respond.",
    next: "Check --endpoint, the region and the network, then try again. No data was changed.",
    retryable: true,
  },
  THROTTLED: {
    meaning: "The service kept throttling requests.",
    next: "Try again later, or lower --read-share.",
    retryable: true,
  },
  SOURCE_FAILED: {
    meaning: "The source returned an error that none of the other codes covers.",
    next: "Fix the cause that the message names, then run the command again. Changes delivered so far are kept.",
    retryable: true,
  },
  EXPORT_INVALID: {
    meaning: "The export is incomplete or damaged, or refers to files outside its folder.",
    next: "Copy the export again, with its manifests. The lake was not changed.",
    retryable: false,
  },
  INPUT_INVALID: {
    meaning: "An input file is not in a format that the command reads.",
    next: "Check the file named in the message. docs/operations.md lists the formats.",
    retryable: false,
  },
  LAKE_NOT_FOUND: {
    meaning: "The folder does not contain a lake, or the lake does not contain the table.",
    next: "Check --lake and the name of the table, or create the table with `dynalake snapshot` first.",
    retryable: false,
  },
  LAKE_NEWER: {
    meaning: "A newer version of dynalake wrote the lake.",
    next: "Upgrade dynalake on this machine. The lake was not changed.",
    retryable: false,
  },
  LAKE_DAMAGED: {
    meaning: "A file of the lake is missing or unreadable.",
    next: "Restore the file named in the message from a backup, or take a new snapshot.",
    retryable: false,
  },
  LAKE_LOCKED: {
    meaning: "Another process is already running on this lake.",
    next: "Stop the other process first, which releases the lock.",
    retryable: true,
  },
  LAKE_CLOSED: {
    meaning: "The lake was closed, by `close()` of the library, before the operation had ended.",
    next: "Open the lake again; what was committed before is kept.",
    retryable: false,
  },
  DELIVERY_FAILED: {
    meaning: "Changes could not be written to the change log.",
    next: "No changes are lost: they will be delivered again. If it keeps failing, read the message and check the delivery stream.",
    retryable: true,
  },
  CONFLICT: {
    meaning: "Another snapshot or compaction committed first.",
    next: "No data was changed; run the command again.",
    retryable: true,
  },
  AS_OF_UNKNOWN: {
    meaning: "The lake does not go back to the requested time.",
    next: "Choose a later time. `dynalake status` shows the earliest.",
    retryable: false,
  },
  SQL_FAILED: {
    meaning: "The query engine rejected the SQL.",
    next: "Correct the statement. `dynalake status` lists the tables that can be queried.",
    retryable: false,
  },
  DISK_FULL: {
    meaning: "The disk that holds the lake or the engine's temporary folder is full.",
    next: "Free some space, then run the command again. The lake shows no partial data.",
    retryable: true,
  },
  STORE_FAILED: {
    meaning: "Reading or writing a file of the lake failed.",
    next: "Check the permissions and the health of the disk or bucket named in the message.",
    retryable: true,
  },
  ENGINE_FAILED: {
    meaning: "The query engine failed for a reason other than the SQL.",
    next: "Try again. If it keeps failing, report the message.",
    retryable: true,
  },
  INCOMPLETE: {
    meaning: "The command ended before it was finished.",
    next: "Run it again to finish.",
    retryable: true,
  },
  EMULATOR_MISSING: {
    meaning: "No DynamoDB emulator was found on this machine.",
    next: "Start any endpoint that is compatible with DynamoDB, and pass it with --endpoint.",
    retryable: false,
  },
  INTERNAL: {
    meaning: "A bug in dynalake.",
    next: "Please report the message and the command.",
    retryable: false,
  },
} as const;

export type ErrorCode = keyof typeof catalog;

/** The catalog, in the order of docs/errors.md. */
export const errorCatalog: Readonly<Record<ErrorCode, ErrorKind>> = catalog;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** Replaces the catalog's advice with something more specific. */
  readonly next?: string;
}

/** The only error that dynalake throws on purpose. Its message names the cause and never contains an item. */
export class DynalakeError extends Error {
  readonly code: ErrorCode;
  readonly next: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "DynalakeError";
    this.code = code;
    this.next = details.next ?? errorCatalog[code].next;
    this.retryable = errorCatalog[code].retryable;
  }
}
