/** Something that works on the lake, and how it may end. */
import { type Actor, InjectedFailure } from "../actors.ts";
import type { LakeTable } from "./lake-table.ts";

/** An invocation, or an execution's step. */
export interface Work {
  readonly kind: string;
  readonly actor: Actor;
  readonly sinceSeconds: number;
  readonly secondsMax: number;
  /** The lake table that it works on, and how many objects its log had. */
  readonly table: LakeTable | undefined;
  readonly logAtStart: number;
  /** Of a snapshot. */
  readonly taken: TakenExport | undefined;
  /** Some call failed. */
  injected: boolean;
  readonly onEnd: (end: End) => void;
}

export interface End {
  /** Undefined after a success. */
  readonly error: unknown;
  readonly died: boolean;
}

/** An export: each item as it was at some moment around its time. */
export interface TakenExport {
  readonly exportTimeSeconds: number;
  readonly items: ReadonlyMap<number, string>;
  readonly execution: string;
}

/** What was started by others and waits for its turn. */
export type Started =
  | { readonly kind: "feed"; readonly table: string }
  | { readonly kind: "look" }
  | { readonly kind: "compaction"; readonly table: string }
  | { readonly kind: "snapshot"; readonly table: string; readonly first: boolean }
  | { readonly kind: "seed"; readonly table: string; readonly taken: TakenExport };

/** The errors with which something may end. */
export function endKind(error: unknown): string {
  if (error === undefined) return "success";
  if (error instanceof InjectedFailure) return "a failed call";
  const { code } = error as { readonly code?: unknown };
  const { message } = error as Error;
  // Its table was removed meanwhile, or its batch was replayed by another one.
  if (
    code === "INPUT_INVALID" &&
    /^no lake table .* is deployed|^there is no s3:| holds no objects$/.test(message)
  )
    return "its object is gone";
  const expected = ["CONFLICT", "DELIVERY_FAILED", "LAKE_NOT_FOUND", "SCHEMA_INVALID"];
  if (expected.includes(String(code))) return String(code);
  return "unexpected";
}
