/** The stream of a source table as a source of changes. */
import { DynalakeError } from "../core/error.ts";
import type { ChangeSource, StreamIdentity, StreamPosition } from "../core/ports/change-source.ts";
import { streamLabelSeconds } from "../core/table/stream-arn.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";
import { describeSource, type SourceDescription } from "./describe-source.ts";
import type { StreamTuning } from "./followed-stream.ts";
import { isLoopback } from "./loopback.ts";
import type { SourceConnection } from "./source-connection.ts";
import { isPassing, placeText, type SourcePlace, sourceError } from "./source-error.ts";
import { StreamLister, type StreamListing } from "./stream-listing.ts";
import { type FoundStream, StreamReader, streamRecreated } from "./stream-reader.ts";
import { ANSWER_SECONDS_MAX, withinSeconds } from "./within-seconds.ts";

export type { StreamTuning } from "./followed-stream.ts";

const TUNING_DEFAULT: StreamTuning = {
  pollMs: 200,
  pollsPerSecondMax: 5,
  listEverySeconds: 15,
  outageSecondsMax: 60,
};

/** Reads the table's stream at a connection. An emulator on this machine is polled without the service's limit. */
export function streamSource(
  connection: Pick<SourceConnection, "tables" | "streams" | "place">,
  table: string,
  tuning: Partial<StreamTuning> = {},
  timing: Timing = systemTiming,
): ChangeSource {
  const ofEmulator = isLoopback(connection.place.endpoint)
    ? { pollsPerSecondMax: Number.POSITIVE_INFINITY }
    : {};
  const tuned = { ...TUNING_DEFAULT, ...ofEmulator, ...tuning };
  const finder = new StreamFinder(connection, table, tuned, timing);
  return {
    open: async (from) => {
      const first = await finder.find(from);
      const successorOf = (streamArn: string, signal: AbortSignal) => finder.findAfter(streamArn, signal);
      return new StreamReader({ first, successorOf, toError: (error) => finder.toError(error), timing });
    },
  };
}

/** Finds the stream of a table that has to be read. */
class StreamFinder {
  readonly #connection: Pick<SourceConnection, "tables" | "streams" | "place">;
  readonly #table: string;
  readonly #tuning: StreamTuning;
  readonly #timing: Timing;
  readonly #attempt: string;

  constructor(
    connection: Pick<SourceConnection, "tables" | "streams" | "place">,
    table: string,
    tuning: StreamTuning,
    timing: Timing,
  ) {
    this.#connection = connection;
    this.#table = table;
    this.#tuning = tuning;
    this.#timing = timing;
    this.#attempt = `read the stream of table "${table}"`;
  }

  /** The stream of a position. An older stream is read to its end first, while it still exists. */
  async find(from: StreamPosition | undefined): Promise<FoundStream> {
    const source = await describeSource(this.#connection, this.#table, undefined, this.#timing);
    const currentArn = usableStream(source, this.#connection.place);
    if (from !== undefined && from.streamArn !== currentArn) {
      const older = await this.#list(from.streamArn);
      if (older !== undefined) return this.#found(from.streamArn, older, from, currentArn);
    }
    const listing = await this.#list(currentArn);
    if (listing === undefined) throw this.#vanished(currentArn);
    if (from === undefined || from.streamArn === currentArn) {
      return this.#found(currentArn, listing, from, currentArn);
    }
    const gaps = [streamRecreated(from.streamArn, currentArn)];
    return { ...this.#found(currentArn, listing, undefined, currentArn), gaps };
  }

  /** The stream that replaced an ended one. Retries passing failures, because a long-running reader depends on it. */
  async findAfter(streamArn: string, signal: AbortSignal): Promise<FoundStream> {
    const sinceMs = this.#timing.nowMs();
    for (let failures = 1; ; failures++) {
      try {
        const found = await this.find(undefined);
        const arn = found.identity.arn;
        if (arn === streamArn) throw this.#vanished(arn);
        return { ...found, gaps: [streamRecreated(streamArn, arn)] };
      } catch (error) {
        const outageMs = this.#timing.nowMs() - sinceMs;
        const isOver = signal.aborted || outageMs > this.#tuning.outageSecondsMax * 1_000;
        if (isOver || !isPassing(error)) throw error;
        await this.#timing.sleep(backoffMs(serviceBackoff, failures, this.#timing), signal);
      }
    }
  }

  toError(error: unknown): DynalakeError {
    return sourceError(error, { place: this.#connection.place, attempt: this.#attempt });
  }

  async #list(streamArn: string): Promise<StreamListing | undefined> {
    const call = { place: this.#connection.place, attempt: this.#attempt };
    const lister = new StreamLister(this.#connection.streams, streamArn, this.#timing);
    try {
      return await withinSeconds(ANSWER_SECONDS_MAX, call, (signal) => lister.list(signal), this.#timing);
    } catch (error) {
      throw this.toError(error);
    }
  }

  #found(
    streamArn: string,
    listing: StreamListing,
    from: StreamPosition | undefined,
    currentArn: string,
  ): FoundStream {
    const superseded = streamArn !== currentArn;
    const { streams: api } = this.#connection;
    const toFollow = {
      api,
      streamArn,
      listing,
      from,
      superseded,
      tuning: this.#tuning,
      timing: this.#timing,
    };
    return { identity: identityOf(streamArn, listing), toFollow, gaps: [] };
  }

  #vanished(streamArn: string): DynalakeError {
    const where = placeText(this.#connection.place);
    const message = `the stream ${streamArn} of table "${this.#table}" ${where} no longer exists`;
    return new DynalakeError("SOURCE_FAILED", message);
  }
}

function identityOf(arn: string, listing: StreamListing): StreamIdentity {
  const createdAtSeconds = listing.createdAtSeconds ?? streamLabelSeconds(arn);
  return { arn, ...(createdAtSeconds === undefined ? {} : { createdAtSeconds }) };
}

/** The ARN of the table's stream; fails with STREAM_UNUSABLE, and the command that fixes it, if it cannot feed a lake. */
function usableStream(source: SourceDescription, place: SourcePlace): string {
  const enable = updateTable(source.name, place, "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES");
  if (source.streamArn === undefined) {
    const message = `table "${source.name}" ${placeText(place)} has no stream enabled`;
    throw new DynalakeError("STREAM_UNUSABLE", message, {
      next: `Enable one, then take a new snapshot: ${enable}`,
    });
  }
  const viewType = source.streamViewType ?? "unknown";
  if (viewType !== "NEW_IMAGE" && viewType !== "NEW_AND_OLD_IMAGES") {
    const disable = updateTable(source.name, place, "StreamEnabled=false");
    const message = `the stream of table "${source.name}" ${placeText(place)} has the view type ${viewType}, which carries no new images`;
    throw new DynalakeError("STREAM_UNUSABLE", message, {
      next: `A view type cannot be changed. Disable the stream, enable a new one, then take a new snapshot: ${disable} && ${enable}`,
    });
  }
  return source.streamArn;
}

function updateTable(table: string, place: SourcePlace, specification: string): string {
  const region = place.region === undefined ? "" : ` --region ${place.region}`;
  const endpoint = place.endpoint === undefined ? "" : ` --endpoint-url ${place.endpoint}`;
  return `aws dynamodb update-table --table-name ${table} --stream-specification ${specification}${region}${endpoint}`;
}
