/** What a statement's process and the process that asked for it say to each other, one message at a time. */
import type { ErrorCode } from "../core/error.ts";
import type { Cell, NumberForm, ResultColumn } from "../core/ports/query-result.ts";

export interface StatementRequest {
  /** The lake's folder, absolute. */
  readonly folder: string;
  readonly sql: string;
  readonly asOfSeconds?: number | undefined;
  readonly numbers: NumberForm;
}

/** To the process: the statement, then "more" for each batch of rows. */
export type ToStatement =
  | { readonly kind: "run"; readonly request: StatementRequest }
  | { readonly kind: "more" };

/** From the process: the columns once, a batch for each "more", and how it ended. */
export type FromStatement =
  | { readonly kind: "columns"; readonly columns: readonly ResultColumn[] }
  | { readonly kind: "rows"; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "end" }
  | {
      readonly kind: "failure";
      /** Undefined for a failure that none of the codes covers. */
      readonly code: ErrorCode | undefined;
      readonly message: string;
      readonly next: string | undefined;
    };
