/** When the changes that a hole has lost were made, and the hole that a late start leaves. */
import type { Gap, Manifest } from "./manifest.ts";
import type { StreamGap, StreamIdentity } from "./ports/change-source.ts";

/** A stream keeps its records for 24 hours (AWS: "Change data capture for DynamoDB Streams"); one hour is allowed for clocks. */
export const SURELY_KEPT_SECONDS: number = 23 * 3600;

/** The hole that a reader has found, with the time until which changes may be lost. */
export function gapFound(found: StreamGap, stream: StreamIdentity, nowSeconds: number): Gap {
  const created = Math.ceil(stream.createdAtSeconds ?? nowSeconds);
  const lostUntilSeconds = found.reason === "stream-recreated" ? created : nowSeconds - SURELY_KEPT_SECONDS;
  return { ...found, foundAtSeconds: nowSeconds, lostUntilSeconds };
}

/**
 * The hole between the last snapshot and a stream that is read for the first time, or undefined where the stream holds
 * everything since then.
 */
export function gapOfFirstStart(
  manifest: Manifest,
  stream: StreamIdentity,
  nowSeconds: number,
): Gap | undefined {
  const snapshot = manifest.snapshots.at(-1);
  if (snapshot === undefined) return undefined;
  const created = Math.ceil(stream.createdAtSeconds ?? 0);
  const keptSince = nowSeconds - SURELY_KEPT_SECONDS;
  if (snapshot.cutSeconds >= Math.max(created - 1, keptSince)) return undefined;
  const younger = created - 1 > snapshot.cutSeconds;
  const detail = younger
    ? "the stream is younger than the last snapshot"
    : "the stream is read for the first time more than 23 hours after the last snapshot";
  const lostUntilSeconds = younger ? Math.max(created, keptSince) : keptSince;
  return { reason: "started-late", detail, foundAtSeconds: nowSeconds, lostUntilSeconds };
}
