/** One file of an export for one of its lake tables: what the table cannot take stops the snapshot of that table alone. */
import { DynalakeError, errorCatalog } from "../../core/error.ts";
import { noteFailedPart, type SnapshotPartRequest, snapshotPart } from "./snapshot-part.ts";
import type { StepContext } from "./step-context.ts";

export type StagedPart = { readonly rejected: number } | { readonly failure: string };

/** Throws what may pass: doing it again replaces the same objects. */
export async function stagePart(context: StepContext, request: SnapshotPartRequest): Promise<StagedPart> {
  try {
    const { rejected } = await snapshotPart(context, request);
    return { rejected: rejected.length };
  } catch (error) {
    if (!(error instanceof DynalakeError) || errorCatalog[error.code].retryable) throw error;
    await noteFailedPart(context, request, error);
    return { failure: error.code };
  }
}
