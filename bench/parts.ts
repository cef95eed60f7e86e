/** All parts of the benchmarks, in the order in which `npm run bench` runs them. */
import type { Part } from "./part.ts";
import { changesPart } from "./parts/changes.ts";
import { compactionPart } from "./parts/compaction.ts";
import { followPart } from "./parts/follow.ts";
import { lagPart } from "./parts/lag.ts";
import { lambdaPart } from "./parts/lambda.ts";
import { queryPart } from "./parts/query.ts";
import { snapshotPart } from "./parts/snapshot.ts";
import { verifyPart } from "./parts/verify.ts";
import { writeAmplificationPart } from "./parts/write-amplification.ts";
import type { PartName } from "./run-sizes.ts";

export const PARTS: Readonly<Record<PartName, Part>> = {
  snapshot: snapshotPart,
  changes: changesPart,
  compaction: compactionPart,
  "write-amplification": writeAmplificationPart,
  follow: followPart,
  lag: lagPart,
  lambda: lambdaPart,
  query: queryPart,
  verify: verifyPart,
};
