/** Which objects of the change log a reader needs. */
import { type ChangeObject, type Hour, hourOf, hourStartSeconds } from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ChangeSelection } from "../ports/query-engine.ts";
import type { ChangeListing } from "../table/change-listing.ts";
import type { TableState } from "../table/open-table.ts";

const HOUR_SECONDS = 3600;

/**
 * The objects that may hold changes at or after `sinceSeconds`. A change arrives after it was made, in a partition no
 * older than `heldUpSeconds` before it: an object's partition is that of its oldest record. Buffering is shorter than an hour;
 * what was held up for longer is among them where more is asked for, and compactions find it by `heldUpObjects`.
 */
export async function changesSince(
  changes: ChangeListing,
  sinceSeconds: number,
  heldUpSeconds: number = HOUR_SECONDS,
): Promise<ChangeSelection> {
  const sinceHour = hourOf(sinceSeconds - heldUpSeconds); // breakage: log-pruned-with-margin
  const objects = await changes.since(sinceHour);
  const needed = objects.filter(
    // breakage: objects-of-window-read
    (object) => object.newestChangeSeconds === undefined || object.newestChangeSeconds >= sinceSeconds,
  );
  return { objects: needed, sinceHour };
}

/** The first partition that is read for changes at or after a second. */
export function windowHour(sinceSeconds: number): Hour {
  return hourOf(sinceSeconds - HOUR_SECONDS); // breakage: held-up-objects-outlive-snapshot
}

/** The first partition that is read for the view's window, or for changes from another second on. */
export function firstHour(
  { horizonSeconds, skewSeconds }: Pick<Manifest, "horizonSeconds" | "skewSeconds">,
  seconds: number,
): Hour {
  return hourOf(Math.min(seconds, horizonSeconds - skewSeconds - HOUR_SECONDS));
}

/** What the view overlays: the log window with its skew allowance. */
export function viewChanges({
  changes,
  manifest,
}: Pick<TableState, "changes" | "manifest">): Promise<ChangeSelection> {
  return changesSince(changes, manifest.horizonSeconds - manifest.skewSeconds);
}

/** What a statement of now reads of the log; undefined if no key stands, since changes of the skew allowance alone decide nothing. */
export async function decidingChanges(
  table: Pick<TableState, "changes" | "manifest">,
): Promise<ChangeSelection | undefined> {
  const selection = { ...(await viewChanges(table)), standingSinceSeconds: table.manifest.horizonSeconds };
  return standingObjects(selection).length === 0 ? undefined : selection;
}

/** Those of the objects that can make a key stand. The others hold changes of the skew allowance alone. */
export function standingObjects({ objects, standingSinceSeconds }: ChangeSelection): readonly ChangeObject[] {
  const since = standingSinceSeconds ?? 0;
  return objects.filter(({ newestChangeSeconds: newest = since }) => newest >= since); // breakage: objects-without-newest-stand
}

/**
 * From here on partitions are searched for objects that were not folded. Where the clock was put back since the last
 * commit, partitions of the time between may be searched again, which does no harm.
 */
export function searchedSinceSeconds(
  manifest: Manifest,
  nowSeconds: number,
  deliveryDelaySeconds: number,
): number {
  return Math.min(manifest.foldedSinceSeconds, hourStartSeconds(hourOf(nowSeconds - deliveryDelaySeconds)));
}

/**
 * Those of the objects that lie in partitions before the hour from which changes are read, and may hold such changes all the
 * same: what could not be delivered for hours comes as one object, in the hour of its oldest record. Changes are then newer than
 * an hour after their partition. Objects whose name tells that they hold none are left out.
 */
export function heldUpObjects(
  objects: readonly ChangeObject[],
  sinceHour: Hour,
  sinceSeconds: number,
): readonly ChangeObject[] {
  return objects.filter(
    ({ hour, newestChangeSeconds = sinceSeconds }) =>
      hourStartSeconds(hour) < hourStartSeconds(sinceHour) && newestChangeSeconds >= sinceSeconds,
  );
}

/** The objects, all of partitions that are searched, that the manifest has not folded yet. */
export function unfolded(manifest: Manifest, objects: readonly ChangeObject[]): readonly ChangeObject[] {
  const folded = new Set(manifest.folded);
  return objects.filter((object) => !folded.has(object.id));
}
