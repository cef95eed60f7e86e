/** What trials on a doctor's own table show. */
import { counted, grouped } from "../counted.ts";
import { contradicted, type DoubtAnswer, notSeen, seen } from "./answer.ts";

export interface RaceFacts {
  readonly writers: number;
  /** Writers that were answered that they created the object. */
  readonly winners: number;
  /** Whether the object is what the winner wrote. */
  readonly isWinners: boolean;
}

export function judgeRace({ isWinners, winners, writers }: RaceFacts): DoubtAnswer {
  const of = counted(writers, "writer");
  // breakage: one-writer-wins
  if (winners === 1 && isWinners) return seen("conditional-create", `one of ${of} at the same time won`);
  const wrong = winners === 1 ? "one won, but the object is another's" : `${grouped(winners)} won`;
  return contradicted("conditional-create", `of ${of} at the same time, ${wrong}`);
}

/** How an update with the present version, and then one with that same version, ended. */
export interface VersionFacts {
  readonly present: "updated" | "changed-meanwhile";
  readonly old: "updated" | "changed-meanwhile";
}

export function judgeVersions({ old, present }: VersionFacts): DoubtAnswer {
  if (present !== "updated") return notSeen("version-id", "something else changed the view at that moment");
  // breakage: old-versions-contradict
  if (old === "updated") return contradicted("version-id", "Glue took an update with an old version");
  return seen("version-id", "Glue refused an update with an old version");
}

export interface WrittenFacts {
  readonly items: number;
  readonly differences: number;
  /** All items were in the view before the time was over. */
  readonly hasArrived: boolean;
}

export function judgeWritten({ differences, hasArrived, items }: WrittenFacts): DoubtAnswer {
  const of = counted(items, "item");
  if (!hasArrived) return notSeen("exact-casts", `${of} were written, and not all of them arrived in time`);
  // breakage: different-values-contradict
  if (differences > 0)
    return contradicted("exact-casts", `${grouped(differences)} of ${of} are different in the lake`);
  return seen("exact-casts", `${of}, with values of every type, are the same in the lake`);
}
