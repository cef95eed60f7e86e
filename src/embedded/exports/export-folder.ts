/** An export on this machine, as ExportTableToPointInTime lays it out: read through its manifests, checked, never trusted. */
import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import {
  type ExportFile,
  type ExportSummary,
  parseExportFiles,
  parseExportSummary,
} from "../../core/exports/export-manifest.ts";
import { systemCode, systemReason } from "../../files/file-error.ts";

export interface ExportFolder {
  readonly summary: ExportSummary;
  readonly parts: readonly ExportPart[];
}

export interface ExportPart extends ExportFile {
  /** The data file on this machine. */
  readonly file: string;
}

const MANIFEST_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Opens the export in `folder`, which messages call `name`: the folder that holds `AWSDynamoDB`, `AWSDynamoDB` itself or one
 * export's own folder.
 * Throws EXPORT_INVALID where a manifest is missing, damaged, or names a file outside of the folder.
 */
export async function openExport(folder: string, name: string = folder): Promise<ExportFolder> {
  const home = await exportHome(folder, name);
  const summary = parseExportSummary(await readManifest(home, "manifest-summary"));
  const files = parseExportFiles(await readManifest(home, "manifest-files"), summary);
  requireSound(summary);
  const root = await realpath(home);
  const parts = new Map<string, ExportPart>();
  for (const listed of files) {
    const file = await dataFile(root, listed.key);
    if (parts.has(file)) {
      throw new DynalakeError("EXPORT_INVALID", `manifest-files.json names data/${basename(file)} twice`);
    }
    parts.set(file, { ...listed, file });
  }
  return { summary, parts: [...parts.values()] };
}

/** A clock of this machine may be so far behind that of AWS. */
const CLOCK_SECONDS = 24 * 3600;

/** An export of the future would win over every change until then; one that names another manifest is not this one. */
function requireSound({ exportTimeSeconds, manifestFilesKey }: ExportSummary): void {
  // breakage: export-not-in-future
  if (exportTimeSeconds * 1000 > Date.now() + CLOCK_SECONDS * 1000) {
    throw new DynalakeError("EXPORT_INVALID", "manifest-summary.json: exportTime is in the future", {
      next: "Check this machine's clock and the export; the lake is as it was.",
    });
  }
  const parts = manifestFilesKey.split("/");
  if (parts.includes("..") || parts[0] === "" || parts.at(-1) !== "manifest-files.json") {
    throw new DynalakeError(
      "EXPORT_INVALID",
      "manifest-summary.json names a file outside the export's folder as its manifest",
    );
  }
}

/** The folder that holds manifest-summary.json. */
async function exportHome(folder: string, given: string): Promise<string> {
  for (const candidate of [folder, join(folder, "AWSDynamoDB")]) {
    const names = await namesIn(candidate);
    if (names.includes("manifest-summary.json")) return candidate;
    const homes: string[] = [];
    for (const name of names) {
      const inner = join(candidate, name);
      if (name !== "AWSDynamoDB" && (await namesIn(inner)).includes("manifest-summary.json"))
        homes.push(inner);
    }
    if (homes.length === 1) return homes[0] as string;
    if (homes.length > 1) {
      throw new DynalakeError("EXPORT_INVALID", `${given} holds ${homes.length} exports`, {
        next: `Name one of them: ${homes.slice(0, 3).join(", ")}.`,
      });
    }
  }
  const next = "Give the folder that holds AWSDynamoDB.";
  await readdir(folder).catch((cause: unknown) => {
    throw new DynalakeError("EXPORT_INVALID", `${given} cannot be read: ${systemReason(cause)}`, {
      cause,
      next,
    });
  });
  throw new DynalakeError("EXPORT_INVALID", `${given} holds no export: there is no manifest-summary.json`, {
    next: `${next} An export that is still running has no manifest yet.`,
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
}

/** A manifest's text, checked against the MD5 beside it where there is one. */
async function readManifest(home: string, stem: string): Promise<string> {
  const content = await readBounded(join(home, `${stem}.json`));
  const hasMd5 = (await namesIn(home)).includes(`${stem}.md5`);
  const told = hasMd5 ? await readBounded(join(home, `${stem}.md5`)) : undefined;
  const md5 = createHash("md5").update(content);
  // breakage: export-manifest-checksum
  if (told !== undefined && told.toString("utf8").trim() !== md5.digest("base64")) {
    throw new DynalakeError("EXPORT_INVALID", `${stem}.json does not match its checksum in ${stem}.md5`);
  }
  return content.toString("utf8");
}

/** The content of a manifest, which is a regular file. Devices and pipes, which can be endless, are not opened. Throws EXPORT_INVALID. */
export async function readBounded(file: string): Promise<Buffer> {
  try {
    const facts = await stat(file);
    if (!facts.isFile()) throw new DynalakeError("EXPORT_INVALID", `${file} is not a regular file`);
    if (facts.size > MANIFEST_BYTES_MAX) throw new DynalakeError("EXPORT_INVALID", `${file} is too large`);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof DynalakeError) throw cause;
    throw new DynalakeError("EXPORT_INVALID", `${file} cannot be read: ${systemReason(cause)}`, { cause });
  }
}

/**
 * The data file of a key. Keys begin with the prefix that the export had in its bucket; on this machine a file lies in
 * `data/` beside the manifests. Links that lead out of the export are refused.
 */
async function dataFile(root: string, key: string): Promise<string> {
  const name = /\/data\/([A-Za-z0-9_.-]+)$/.exec(`/${key}`)?.[1];
  const parts = key.split("/");
  // breakage: export-keys-inside
  if (name === undefined || name.startsWith(".") || parts.includes("..") || key.startsWith("/")) {
    throw new DynalakeError(
      "EXPORT_INVALID",
      "manifest-files.json names a data file outside the export's folder",
    );
  }
  const file = join(root, "data", name);
  let real: string;
  try {
    real = await realpath(file);
  } catch (cause) {
    throw new DynalakeError("EXPORT_INVALID", `data/${name} is missing`, { cause });
  }
  // breakage: export-links-inside
  if (!real.startsWith(root + sep))
    throw new DynalakeError("EXPORT_INVALID", `data/${name} leads outside the export`);
  if (!(await stat(real)).isFile())
    throw new DynalakeError("EXPORT_INVALID", `data/${name} is not a regular file`);
  return real;
}
