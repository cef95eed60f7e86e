import { describe, expect, test } from "@jest/globals";
import { type Gap, initialManifest, type Manifest, openGaps } from "../../../src/core/format/manifest.ts";
import type { StreamIdentity } from "../../../src/core/ports/change-source.ts";
import { gapBeforeReading, gapFound, gapOfOverdueReading } from "../../../src/core/table/gap.ts";
import type { StreamBeginning } from "../../../src/core/table/stream-beginning.ts";
import { lookAtStream, type Serving, type Sighting } from "../../../src/core/table/stream-look.ts";
import type { StreamWatch } from "../../../src/core/table/stream-watch.ts";
import * as fc from "../../support/fast-check.ts";

const NOW = 1_800_000_000;
const HOUR = 3600;
const ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026";

describe("a hole that a reader has found", () => {
  test.each(["trimmed", "shard-expired"] as const)(
    "%s: the lost changes may be as young as what a stream surely keeps",
    (reason) => {
      const stream = { arn: ARN, createdAtSeconds: NOW - 100 * HOUR };
      expect(gapFound({ reason, detail: "shard 1" }, stream, NOW)).toEqual({
        reason,
        detail: "shard 1",
        foundAtSeconds: NOW,
        lostUntilSeconds: NOW - 23 * HOUR,
      });
    },
  );

  test("stream-recreated: changes may be lost until the new stream was created, and be hidden by older ones for the skew", () => {
    const found = { reason: "stream-recreated", detail: "" } as const;
    const stream = { arn: ARN, createdAtSeconds: NOW - 10.5 };
    expect(gapFound(found, stream, NOW)).toMatchObject({ lostUntilSeconds: NOW - 10 + 120 });
    expect(gapFound(found, { arn: ARN }, NOW)).toMatchObject({ lostUntilSeconds: NOW + 120 });
  });

  test("stream-recreated: of a new stream that is found late, the beginning may be lost, too", () => {
    const found = { reason: "stream-recreated", detail: "" } as const;
    const stream = { arn: ARN, createdAtSeconds: NOW - 30 * HOUR };
    const gap = gapFound(found, stream, NOW);
    expect(gap).toMatchObject({ lostUntilSeconds: NOW - 23 * HOUR });
    expect(openGaps(seeded(NOW - 29 * HOUR), [gap])).toEqual([gap]);
  });

  test("is repaired by a snapshot whose floor is not before the last lost change, and by no older one", () => {
    const gap = gapFound({ reason: "trimmed", detail: "" }, { arn: ARN }, NOW);
    expect(openGaps(seeded(NOW - 23 * HOUR - 1), [gap])).toEqual([gap]);
    expect(openGaps(seeded(NOW - 23 * HOUR), [gap])).toEqual([]);
  });
});

describe("a stream that is read for the first time", () => {
  test("leaves no hole where there is no snapshot: the lake is what the changes say", () => {
    expect(startedLate(initialManifest(1), { arn: ARN, createdAtSeconds: NOW })).toBeUndefined();
  });

  test("leaves none where it is older than the snapshot and still holds all since then", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 10 * HOUR };
    expect(startedLate(seeded(NOW - 9 * HOUR), stream)).toBeUndefined();
    expect(startedLate(seeded(NOW - 9 * HOUR), { arn: ARN })).toBeUndefined();
    expect(startedLate(seeded(NOW - 10 * HOUR), stream)).toBeUndefined();
  });

  test("leaves one where it was created after the snapshot", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 5 * HOUR };
    const gap = startedLate(seeded(NOW - 9 * HOUR), stream);
    expect(gap).toMatchObject({
      reason: "started-late",
      foundAtSeconds: NOW,
      lostUntilSeconds: NOW - 5 * HOUR,
      detail: expect.stringContaining("younger than the last snapshot"),
    });
  });

  test("leaves one where it may have dropped changes since the snapshot", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 100 * HOUR };
    expect(startedLate(seeded(NOW - 23 * HOUR), stream)).toBeUndefined();
    expect(startedLate(seeded(NOW - 23 * HOUR - 1), stream)).toMatchObject({
      reason: "started-late",
      lostUntilSeconds: NOW - 23 * HOUR,
      detail: expect.stringContaining("more than 23 hours after"),
    });
  });

  test("is judged by the last snapshot", () => {
    const older = { run: "o", exportTimeSeconds: 0, cutSeconds: 0, items: 0, segments: [] };
    const { snapshots, ...rest } = seeded(NOW - HOUR);
    const stream = { arn: ARN, createdAtSeconds: NOW - 2 * HOUR };
    expect(startedLate({ ...rest, snapshots: [older, ...snapshots] }, stream)).toBeUndefined();
  });

  test("leaves none where table and stream were made together, just before the export whose cut is fuzzy", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - HOUR, isFirst: true } as const;
    const exported = (exportTimeSeconds: number): Manifest => {
      const { snapshots, ...rest } = seeded(exportTimeSeconds - 60);
      return { ...rest, snapshots: snapshots.map((snapshot) => ({ ...snapshot, exportTimeSeconds })) };
    };
    expect(startedLate(exported(NOW - HOUR + 10), stream)).toBeUndefined();
    const { isFirst: _, ...later } = stream;
    expect(startedLate(exported(NOW - HOUR + 10), later)).toBeDefined();
    // An older export is of another table with that name; and changes dropped from the stream are lost in any case.
    expect(startedLate(exported(NOW - HOUR - 2), stream)).toBeDefined();
    const old = { ...stream, createdAtSeconds: NOW - 30 * HOUR };
    expect(startedLate(exported(NOW - 30 * HOUR + 10), old)).toMatchObject({
      lostUntilSeconds: NOW - 23 * HOUR,
    });
  });

  test("leaves the same one where an older export is brought in afterwards, found when that is committed", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 5 * HOUR };
    const before = startedLate(seeded(NOW - 9 * HOUR), stream);
    const later = { ...seeded(NOW - 9 * HOUR), committedAtSeconds: NOW + HOUR };
    expect(startedLate(later, stream)).toEqual({ ...before, foundAtSeconds: NOW + HOUR });
  });
});

describe("a table that is added to a source that was being read", () => {
  const stream = { arn: ARN, createdAtSeconds: NOW - 100 * HOUR };
  const reader = { streamArn: ARN, isReading: true, unchangedSinceSeconds: NOW - 90 * HOUR };
  const serving = { configuration: "two", fromSeconds: NOW - 600, beforeSeconds: undefined };
  const first = (manifest: Manifest, more: Partial<Serving> = {}) =>
    lookAtStream(manifest, { watch: undefined, beginning: undefined }, { stream, reader }, NOW, {
      ...serving,
      ...more,
    });

  test("has its own beginning: what the reader did before proves nothing of it", () => {
    const { beginning, gaps } = first(seeded(NOW - 700));
    expect(beginning).toMatchObject({ configuration: "two", servedFromSeconds: NOW - 600 });
    expect(gaps).toMatchObject([
      { id: "not-served-two", gap: { reason: "started-late", lostUntilSeconds: NOW - 600 } },
    ]);
  });

  test("lacks nothing that its snapshot shows, nor before it has one", () => {
    expect(first(seeded(NOW - 600)).gaps).toEqual([]);
    const none = first(initialManifest(1));
    expect(none.gaps).toEqual([]);
    // The snapshot that comes is held against the beginning that was kept.
    const { beginning } = none;
    expect(beginning && gapBeforeReading(seeded(NOW - 601), beginning)).toMatchObject({
      lostUntilSeconds: NOW - 600,
    });
    expect(beginning && gapBeforeReading(seeded(NOW - 600), beginning)).toBeUndefined();
  });

  test("and had been removed lacks the time between, however old its snapshot", () => {
    const manifest = seeded(NOW - 50 * HOUR);
    expect(first(manifest, { beforeSeconds: NOW - 500 }).gaps).toEqual([]);
    expect(first(manifest, { beforeSeconds: NOW - 700 }).gaps).toMatchObject([
      { gap: { lostUntilSeconds: NOW - 600 } },
    ]);
  });

  test("with its source anew lacks what the stream had dropped by then", () => {
    const manifest = seeded(NOW - 50 * HOUR);
    const anew = { ...reader, unchangedSinceSeconds: NOW - 10 };
    const look = (beforeSeconds: number) =>
      lookAtStream(manifest, { watch: undefined, beginning: undefined }, { stream, reader: anew }, NOW, {
        configuration: "two",
        fromSeconds: 0,
        beforeSeconds,
      }).gaps;
    expect(look(NOW - 2 * HOUR)).toEqual([]);
    expect(look(NOW - 30 * HOUR)).toMatchObject([{ gap: { lostUntilSeconds: NOW - 10 - 23 * HOUR } }]);
  });

  test("is watched like any other from its second look on", () => {
    const { beginning, watch } = first(seeded(NOW - 600));
    const look = lookAtStream(
      seeded(NOW - 600),
      { watch, beginning },
      { stream, reader },
      NOW + HOUR,
      serving,
    );
    expect(look).toMatchObject({ gaps: [], unreadSeconds: 0, beginning });
  });
});

function startedLate(manifest: Manifest, stream: StreamIdentity): Gap | undefined {
  return gapBeforeReading(manifest, { stream, readSinceSeconds: NOW });
}

/** A table whose snapshot shows the items as of this moment, which is also its floor. */
function seeded(cutSeconds: number): Manifest {
  const snapshot = { run: "s", exportTimeSeconds: cutSeconds, cutSeconds, items: 0, segments: [] };
  return { ...initialManifest(1), floorSeconds: cutSeconds, snapshots: [snapshot] };
}

describe("a look at a deployment", () => {
  const CREATED = NOW - 100 * HOUR;
  const stream = { arn: ARN, createdAtSeconds: CREATED };
  const reader = { streamArn: ARN, isReading: true, unchangedSinceSeconds: CREATED };
  const off = { ...reader, isReading: false, unchangedSinceSeconds: NOW };
  const seen = (agoSeconds: number, lookedAgoSeconds = agoSeconds): StreamWatch => ({
    streamArn: ARN,
    seenReadingSeconds: NOW - agoSeconds,
    lookedSeconds: NOW - lookedAgoSeconds,
    sinceSeconds: CREATED,
  });
  const old = seeded(NOW - 90 * HOUR);
  const BEGINNING = { stream, readSinceSeconds: CREATED };
  /** A check after others that saw the stream being read, or the first check. */
  const lookAt = (manifest: Manifest, watch: StreamWatch | undefined, sighting: Sighting, now: number) =>
    lookAtStream(manifest, { watch, beginning: watch && BEGINNING }, sighting, now);

  test("that sees the stream being read finds nothing, and tells the next one when", () => {
    expect(lookAt(old, seen(900), { stream, reader }, NOW)).toEqual({
      beginning: BEGINNING,
      watch: { streamArn: ARN, seenReadingSeconds: NOW, lookedSeconds: NOW, sinceSeconds: CREATED },
      gaps: [],
      unreadSeconds: 0,
    });
  });

  test("finds nothing at the first time: neither before the first snapshot nor where the mapping is older than it", () => {
    for (const manifest of [initialManifest(1), old]) {
      const look = lookAt(manifest, undefined, { stream, reader }, NOW);
      expect(look).toMatchObject({ gaps: [], unreadSeconds: 0, watch: { sinceSeconds: NOW } });
    }
    const young = { ...reader, isReading: false, unchangedSinceSeconds: NOW };
    const making = lookAt(initialManifest(1), undefined, { stream, reader: young }, NOW);
    expect(making).toMatchObject({ gaps: [], unreadSeconds: 0 });
  });

  test("finds a reader that came too long after the snapshot", () => {
    const late = { ...reader, unchangedSinceSeconds: NOW - HOUR };
    const { gaps } = lookAt(old, undefined, { stream, reader: late }, NOW);
    expect(gaps).toMatchObject([
      {
        id: `unread-since-${NOW - 90 * HOUR}`,
        gap: { reason: "started-late", lostUntilSeconds: NOW - 23 * HOUR },
      },
    ]);
    expect(lookAt(seeded(NOW - 2 * HOUR), undefined, { stream, reader: late }, NOW).gaps).toEqual([]);
  });

  test.each([
    ["is switched off", off],
    ["is gone", undefined],
    ["fails", { ...reader, isReading: false }],
  ])(
    "of a reader that %s tells how long, and of a hole once the stream may have dropped changes",
    (_, found) => {
      const soon = lookAt(old, seen(23 * HOUR, 900), { stream, reader: found }, NOW);
      expect(soon).toMatchObject({
        gaps: [],
        unreadSeconds: 23 * HOUR,
        watch: { seenReadingSeconds: NOW - 23 * HOUR, lookedSeconds: NOW },
      });
      const late = lookAt(old, seen(23 * HOUR + 1, 900), { stream, reader: found }, NOW);
      expect(late.gaps).toEqual([
        {
          id: `unread-since-${NOW - 23 * HOUR - 1}`,
          gap: {
            reason: "trimmed",
            detail: expect.any(String),
            foundAtSeconds: NOW,
            lostUntilSeconds: NOW - 23 * HOUR,
          },
        },
      ]);
    },
  );

  test("of a reader that was off for a day finds the same hole, once it is on again", () => {
    const on = { ...reader, unchangedSinceSeconds: NOW - 60 };
    const { gaps, watch } = lookAt(old, seen(30 * HOUR, 900), { stream, reader: on }, NOW);
    expect(gaps.map(({ id }) => id)).toEqual([`unread-since-${NOW - 30 * HOUR}`]);
    expect(lookAt(old, watch, { stream, reader: on }, NOW + 900).gaps).toEqual([]);
  });

  test("after days finds nothing where the reader was on all the time, and a hole where it may have been off", () => {
    const days = seen(50 * HOUR);
    expect(lookAt(old, days, { stream, reader }, NOW).gaps).toEqual([]);
    const untold = [NOW - 50 * HOUR + 1, undefined];
    for (const unchangedSinceSeconds of untold) {
      const changed = { ...reader, unchangedSinceSeconds };
      expect(lookAt(old, days, { stream, reader: changed }, NOW).gaps).toHaveLength(1);
    }
    // The last check found reading failing.
    expect(lookAt(old, seen(50 * HOUR, 49 * HOUR), { stream, reader }, NOW).gaps).toHaveLength(1);
  });

  test("after a snapshot finds nothing of before it, and still tells how long the stream is not read", () => {
    const look = lookAt(seeded(NOW - HOUR), seen(50 * HOUR, 900), { stream, reader: off }, NOW);
    expect(look).toMatchObject({ gaps: [], unreadSeconds: 50 * HOUR });
  });

  test("finds a stream that was made anew, once, whether the reader has followed or not", () => {
    const anew = { arn: `${ARN}-2`, createdAtSeconds: NOW - HOUR - 0.5 };
    const behind = lookAt(old, seen(900), { stream: anew, reader }, NOW);
    expect(behind).toMatchObject({
      gaps: [{ gap: { reason: "stream-recreated", lostUntilSeconds: NOW - HOUR + 120 } }],
      unreadSeconds: 900,
      watch: { streamArn: ARN },
    });
    const following = { ...reader, streamArn: anew.arn };
    const followed = lookAt(old, behind.watch, { stream: anew, reader: following }, NOW + 900);
    expect(followed.gaps.map(({ id }) => id)).toEqual(behind.gaps.map(({ id }) => id));
    expect(followed).toMatchObject({ unreadSeconds: 0, watch: { streamArn: anew.arn } });
    expect(lookAt(old, followed.watch, { stream: anew, reader: following }, NOW + 1800).gaps).toEqual([]);
  });

  test("finds that a new stream, too, drops what nobody reads", () => {
    const anew = { arn: `${ARN}-2`, createdAtSeconds: NOW - 40 * HOUR };
    const { gaps } = lookAt(old, seen(41 * HOUR, 900), { stream: anew, reader }, NOW);
    expect(gaps).toMatchObject([{ gap: { lostUntilSeconds: NOW - 23 * HOUR } }]);
    const untold = lookAt(old, seen(900), { stream: { arn: "other" }, reader }, NOW);
    expect(untold.gaps).toMatchObject([{ gap: { lostUntilSeconds: NOW + 120 } }]);
  });

  test("of a stream that is off finds a hole that grows until it is on", () => {
    const first = lookAt(old, seen(900), { stream: undefined, reader }, NOW);
    const second = lookAt(old, first.watch, { stream: undefined, reader }, NOW + 900);
    expect([first, second].map(({ gaps }) => gaps[0]?.gap.lostUntilSeconds)).toEqual([NOW, NOW + 900]);
    expect(second.gaps[0]?.id).toBe(first.gaps[0]?.id);
    expect(second.unreadSeconds).toBe(1800);
  });

  test("tells since when the stream is read at the latest, and no later one tells otherwise", () => {
    const first = (found: Partial<Sighting>) =>
      lookAtStream(old, { watch: undefined, beginning: undefined }, { stream, reader, ...found }, NOW)
        .beginning;
    expect(first({})).toEqual(BEGINNING);
    for (const unchangedSinceSeconds of [undefined, NOW + 5])
      expect(first({ reader: { ...reader, unchangedSinceSeconds } })).toEqual({
        stream,
        readSinceSeconds: NOW,
      });
    for (const other of [off, undefined, { ...reader, streamArn: "another" }])
      expect(first({ reader: other })).toBeUndefined();
    expect(first({ stream: undefined })).toBeUndefined();
    const anew = { arn: `${ARN}-2`, createdAtSeconds: NOW };
    expect(lookAt(old, seen(900), { stream: anew, reader }, NOW).beginning).toEqual(BEGINNING);
  });

  test("of a stream that was never read goes by the snapshot, though others have looked since then", () => {
    const earlier = { watch: seen(9 * HOUR, 900), beginning: undefined };
    const { gaps } = lookAtStream(seeded(NOW - 24 * HOUR), earlier, { stream, reader: off }, NOW);
    expect(gaps).toMatchObject([{ gap: { reason: "trimmed", lostUntilSeconds: NOW - 23 * HOUR } }]);
    expect(lookAtStream(initialManifest(1), earlier, { stream, reader: off }, NOW).gaps).toEqual([]);
  });

  test("whatever happens and whenever somebody looks, no change is missing without a hole that is told", () => {
    fc.assert(fc.property(fc.array(event, { minLength: 5, maxLength: 40 }), holdsAllHistory), {
      numRuns: 2000,
    });
  });
});

/** An event of a deployment, some hours after the previous one. */
const event = fc.record({
  hours: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 60 })),
  kind: fc.constantFrom(
    "look",
    "look",
    "look",
    "on",
    "off",
    "stream-off",
    "stream-new",
    "follow",
    "export",
    "seed",
    "seed",
  ),
} as const);

/**
 * A table that is written every hour, a reader that immediately reads all it can, and exports that are taken in much later.
 * After each check, the lake lacks a change from after its snapshot only if a gap is open.
 */
function holdsAllHistory(events: readonly { readonly hours: number; readonly kind: string }[]): void {
  let hour = 0;
  let stream: { readonly name: number; readonly since: number } | undefined = { name: 1, since: 0 };
  let streams = 1;
  const reader = { name: 1, isOn: true, since: 0 };
  /** The hours of changes that have not been read yet, with their streams. */
  let unread: { readonly hour: number; readonly name: number | undefined }[] = [];
  let manifest = initialManifest(1);
  let watch: StreamWatch | undefined;
  let beginning: StreamBeginning | undefined;
  const exports: number[] = [];
  const gaps = new Map<string, Gap>();
  const read = () => {
    if (!reader.isOn) return;
    unread = unread.filter((change) => change.name !== reader.name || change.hour < hour - 24);
  };
  const happenings: Readonly<Record<string, () => void>> = {
    on: () => Object.assign(reader, reader.isOn ? {} : { isOn: true, since: hour }),
    off: () => Object.assign(reader, reader.isOn ? { isOn: false, since: hour } : {}),
    "stream-off": () => (stream = undefined),
    "stream-new": () => (stream = { name: ++streams, since: hour }),
    follow: () => stream && Object.assign(reader, { name: stream.name, isOn: true, since: hour }),
    export: () => exports.push(hour),
    seed: () => {
      const exported = exports.shift() ?? hour;
      const { snapshots } = manifest;
      if ((snapshots.at(-1)?.exportTimeSeconds ?? 0) <= exported * HOUR) manifest = seeded(exported * HOUR);
    },
    look: () => {
      const sighting = {
        stream: stream && { arn: String(stream.name), createdAtSeconds: stream.since * HOUR },
        reader: {
          streamArn: String(reader.name),
          isReading: reader.isOn,
          unchangedSinceSeconds: reader.since * HOUR,
        },
      };
      const look = lookAtStream(manifest, { watch, beginning }, sighting, hour * HOUR);
      watch = look.watch;
      beginning = look.beginning;
      for (const { id, gap } of look.gaps) gaps.set(id, gap);
      const isLost = (change: { readonly hour: number; readonly name: number | undefined }) =>
        change.name === undefined || change.hour < hour - 24;
      const lost = unread.filter((change) => isLost(change) && change.hour * HOUR > manifest.floorSeconds);
      if (lost.length === 0 || manifest.snapshots.length === 0) return;
      const late = beginning && gapBeforeReading(manifest, beginning);
      expect([...openGaps(manifest, [...gaps.values()]), late].filter((gap) => gap)).not.toEqual([]);
    },
  };
  for (const { hours, kind } of events) {
    for (let passed = 0; passed < hours; passed++) {
      hour++;
      unread.push({ hour, name: stream?.name });
      read();
    }
    happenings[kind]?.();
    read();
  }
}

describe("records that come late", () => {
  const watch: StreamWatch = { streamArn: ARN, seenReadingSeconds: NOW, lookedSeconds: NOW, sinceSeconds: 0 };
  const old = seeded(NOW - 90 * HOUR);
  const record = (agoSeconds: number, streamArn = ARN) => ({
    ...{ changedAtSeconds: NOW - agoSeconds, streamArn },
    configuration: "two",
  });
  const found = (agoSeconds: number, manifest = old, known: StreamWatch | undefined = watch) =>
    gapOfOverdueReading(manifest, known, record(agoSeconds), NOW);

  test("may have lost those before them where they are nearly as old as the stream keeps them", () => {
    expect(found(23 * HOUR)).toBeUndefined();
    expect(found(23 * HOUR + 1)).toMatchObject({ gap: { reason: "trimmed", foundAtSeconds: NOW } });
    // NOW is 08:00 of that day.
    expect(found(24 * HOUR)).toMatchObject({
      id: "late-2027-01-15",
      gap: { lostUntilSeconds: NOW - 22 * HOUR },
    });
  });

  test("are from a recording where the stream cannot have them any more", () => {
    expect(found(26 * HOUR + 1)).toBeUndefined();
  });

  test("are one hole for all batches of a day, and of an hour to the same second", () => {
    const later = gapOfOverdueReading(old, watch, record(24 * HOUR), NOW + 3599);
    expect(later).toMatchObject({ ...found(24 * HOUR), gap: { lostUntilSeconds: NOW - 22 * HOUR } });
  });

  test("lack nothing that a snapshot shows, or the first one will", () => {
    expect(found(24 * HOUR, seeded(NOW - 22 * HOUR))).toBeUndefined();
    expect(found(24 * HOUR, seeded(NOW - 22 * HOUR - 1))).toBeDefined();
    const none = initialManifest(1);
    expect(gapOfOverdueReading(none, undefined, record(24 * HOUR), NOW)).toBeUndefined();
    expect(found(24 * HOUR, none, { ...watch, sinceSeconds: NOW - 22 * HOUR })).toBeUndefined();
    expect(found(24 * HOUR, none, { ...watch, sinceSeconds: NOW - 22 * HOUR - 1 })).toBeDefined();
  });

  test("are read again where the reader before was less than an hour behind since those before them", () => {
    const caughtUp = (agoSeconds: number, configuration = "one") => ({
      ...{ ...watch, configuration: "two" },
      caughtUp: [{ configuration, atSeconds: NOW - agoSeconds }],
    });
    // The lost changes would be of 22 hours ago at the latest.
    expect(found(24 * HOUR, old, caughtUp(21 * HOUR))).toBeUndefined();
    expect(found(24 * HOUR, old, caughtUp(21 * HOUR + 1))).toBeDefined();
    const other = record(24 * HOUR, `${ARN}-2`);
    expect(gapOfOverdueReading(old, caughtUp(HOUR), other, NOW)).toBeDefined();
    const nameless = { ...other, streamArn: undefined };
    expect(gapOfOverdueReading(old, caughtUp(HOUR), nameless, NOW)).toBeDefined();
    // A shard may have waited for a day while others were read.
    expect(found(24 * HOUR, old, caughtUp(HOUR, "two"))).toBeDefined();
    // Without a snapshot it is not known since when that one had everything.
    expect(found(24 * HOUR, initialManifest(1), caughtUp(HOUR))).toBeDefined();
  });
});

describe("how far behind a reader is", () => {
  const stream = { arn: ARN, createdAtSeconds: NOW - 100 * HOUR };
  const ages = (...all: readonly number[]) =>
    all.map((ageSeconds, i) => ({ atSeconds: NOW - 60 * (all.length - i), ageSeconds }));
  const stale = { configuration: "two", atSeconds: NOW - 9 * HOUR };
  const former = { configuration: "one", atSeconds: NOW - 11 * HOUR };
  const caughtUpAfter = (...all: readonly number[]) => {
    const reader = {
      ...{ streamArn: ARN, isReading: true, unchangedSinceSeconds: 0 },
      recordAges: ages(...all),
    };
    const watch = { streamArn: ARN, seenReadingSeconds: NOW, lookedSeconds: NOW, sinceSeconds: 0 };
    const earlier = { watch: { ...watch, caughtUp: [stale, former] }, beginning: undefined };
    const serving = { configuration: "two", fromSeconds: 0, beforeSeconds: undefined };
    return lookAtStream(seeded(NOW - 50 * HOUR), earlier, { stream, reader }, NOW, serving).watch.caughtUp;
  };

  test("is known where it got records, when it got the last of them", () => {
    expect(caughtUpAfter(5, 3599, 7)).toEqual([{ configuration: "two", atSeconds: NOW - 60 }, former]);
    expect(caughtUpAfter()).toEqual([stale, former]);
  });

  test("is that of its slowest shard: one that is behind for an hour keeps what was known before", () => {
    expect(caughtUpAfter(5, 3600, 7)).toEqual([stale, former]);
  });
});
