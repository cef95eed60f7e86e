/**
 * Every failure that dynalake reports has a stable code. Codes are few and coarse: each stands for one thing that
 * the user does next. docs/errors.md is generated from this catalog.
 */

export interface ErrorKind {
  /** What the code means, in one sentence. */
  readonly meaning: string;
  /** What the user does next, unless the error carries something more specific. */
  readonly next: string;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
}

const catalog = {
  USAGE: {
    meaning: "The command line asks for something that does not exist or does not fit together.",
    next: "Run the command with --help and correct the option named in the message.",
    retryable: false,
  },
  SCHEMA_INVALID: {
    meaning: "A schema file is not valid; the message names the place in it.",
    next: "Correct the schema file at that place; docs/schemas.md describes every member.",
    retryable: false,
  },
  SCHEMA_COLLISION: {
    meaning: "Two attributes would have the same column name after lower-casing.",
    next: "Give one of the two attributes another column `name` in the schema file.",
    retryable: false,
  },
  TABLE_NOT_FOUND: {
    meaning: "The source table does not exist at this endpoint, in this region and account.",
    next: "Check --table, --endpoint and the region, then run the command again.",
    retryable: false,
  },
  STREAM_UNUSABLE: {
    meaning: "The source table has no stream, or its stream carries no new images.",
    next: "Enable a stream with the view type NEW_AND_OLD_IMAGES, then take a new snapshot.",
    retryable: false,
  },
  BACKUPS_OFF: {
    meaning: "Point-in-time recovery of the source table is off, and an export needs it.",
    next: "Turn it on with `aws dynamodb update-continuous-backups`, then take the snapshot again.",
    retryable: false,
  },
  CREDENTIALS: {
    meaning: "AWS refused the credentials, or none were found.",
    next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile that may read the table, then try again.",
    retryable: false,
  },
  UNREACHABLE: {
    meaning: "The endpoint does not answer.",
    next: "Check --endpoint, the region and the network; nothing was changed, so try again.",
    retryable: true,
  },
  THROTTLED: {
    meaning: "The service kept refusing requests because of their rate.",
    next: "Try again later, or lower --read-share.",
    retryable: true,
  },
  SOURCE_FAILED: {
    meaning: "The source answered with an error that has no code of its own here.",
    next: "Read the message; what was delivered so far is kept, so the command can be run again.",
    retryable: true,
  },
  EXPORT_INVALID: {
    meaning: "An export folder is incomplete, damaged or points outside of itself.",
    next: "Copy the export again, whole, with its manifests; the lake is as it was.",
    retryable: false,
  },
  INPUT_INVALID: {
    meaning: "An input file is not what the command reads.",
    next: "Check the file named in the message; docs/operations.md lists the formats.",
    retryable: false,
  },
  LAKE_NOT_FOUND: {
    meaning: "The folder is no lake, or the lake has no such table.",
    next: "Check --lake and the table's name, or fill the lake with `dynalake snapshot` first.",
    retryable: false,
  },
  LAKE_NEWER: {
    meaning: "The lake was written by a newer version of dynalake.",
    next: "Upgrade dynalake on this machine; the lake is as it was.",
    retryable: false,
  },
  LAKE_DAMAGED: {
    meaning: "A file of the lake is missing or cannot be understood.",
    next: "Restore the file named in the message from a backup, or take a new snapshot.",
    retryable: false,
  },
  LAKE_LOCKED: {
    meaning: "Another process is already running on this lake.",
    next: "Stop the other process first; the lock goes with it.",
    retryable: true,
  },
  DELIVERY_FAILED: {
    meaning: "Changes could not be delivered into the change log.",
    next: "Nothing is lost: they are delivered again. If it goes on, read the message and check the delivery stream.",
    retryable: true,
  },
  CONFLICT: {
    meaning: "Another compaction or snapshot committed first.",
    next: "Nothing was harmed; run the command again.",
    retryable: true,
  },
  AS_OF_UNKNOWN: {
    meaning: "The lake does not reach back to the time that was asked for.",
    next: "Ask for a later time; `dynalake status` tells the earliest.",
    retryable: false,
  },
  SQL_FAILED: {
    meaning: "The query engine refused the SQL.",
    next: "Correct the statement; `dynalake status` lists the tables that can be queried.",
    retryable: false,
  },
  DISK_FULL: {
    meaning: "There is no space left where the lake, or the engine's temporary folder, lies.",
    next: "Free some space and run the command again; nothing half-written is visible in the lake.",
    retryable: true,
  },
  STORE_FAILED: {
    meaning: "The object store refused an operation.",
    next: "Check the permissions and the health of the disk or bucket named in the message.",
    retryable: true,
  },
  ENGINE_FAILED: {
    meaning: "The query engine failed for a reason other than the SQL.",
    next: "Try again; if it persists, report the message.",
    retryable: true,
  },
  INCOMPLETE: {
    meaning: "The command ended before all that was asked for was done.",
    next: "Read the message for what is left, then run the command again.",
    retryable: true,
  },
  EMULATOR_MISSING: {
    meaning: "The demo found no DynamoDB emulator on this machine.",
    next: "Start any DynamoDB-compatible endpoint and give it with --endpoint.",
    retryable: false,
  },
  INTERNAL: {
    meaning: "A bug in dynalake.",
    next: "Please report it with the message and the command.",
    retryable: false,
  },
} as const;

export type ErrorCode = keyof typeof catalog;

/** The catalog, in the order of docs/errors.md. */
export const errorCatalog: Readonly<Record<ErrorCode, ErrorKind>> = catalog;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** Replaces the catalog's advice where something more specific can be said. */
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
