/** The second guard of people's SQL, behind the judgment of its syntax: the engine itself reads nothing outside of the lake. */
import { literal } from "../../core/ports/dialect.ts";
import { filePattern } from "../duckdb/file-pattern.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

/** From here on the session reads and writes nothing but the lake and the folders in `also`, and no statement can change that. */
export async function confine(
  lake: Pick<LakeFolder, "root" | "session">,
  also: readonly string[] = [],
): Promise<void> {
  await lake.session.run("SET preserve_insertion_order = true");
  // The views name files by patterns, and the engine asks for both: the pattern, and the file that it matches.
  const allowed = new Set([
    literal(lake.root),
    filePattern(lake.root),
    literal(lake.session.temporaryFolder),
    filePattern(lake.session.temporaryFolder),
    ...also.map(literal),
  ]);
  await lake.session.run(`SET allowed_directories = [${[...allowed].join(", ")}]`);
  await lake.session.run("SET enable_external_access = false"); // breakage: external-access-disabled
  await lake.session.run("SET lock_configuration = true");
}
