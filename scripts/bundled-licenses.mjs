// The licenses of the packages that dist/ contains: most of them ask for their text to come along.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGE_FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENSE_FILE = /^licen[cs]e/i;

/** `inputs`: the bundled files, relative to `root`. Fails for a package that does not name its license. */
export function bundledLicenses(root, inputs) {
  const folders = new Set(inputs.flatMap((input) => PACKAGE_FOLDER.exec(input) ?? []));
  /** The titles of packages by the text that they share. */
  const texts = new Map();
  for (const folder of [...folders].sort()) {
    const { title, text } = licenseOf(join(root, folder));
    texts.set(text, [...(texts.get(text) ?? []), title]);
  }
  const parts = [...texts].map(([text, titles]) => `${[...new Set(titles)].join("\n")}\n\n${text}\n`);
  return ["dynalake contains code of these packages.\n", ...parts].join(`\n${"-".repeat(72)}\n\n`);
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof license !== "string") throw new Error(`${folder} does not name its license in package.json`);
  const file = readdirSync(folder).find((entry) => LICENSE_FILE.test(entry));
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
  return { title: `${name} ${version} (${license})`, text };
}
