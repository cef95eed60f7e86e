/** The documents fit the repository: what they name exists, their links lead somewhere, and the rooms are as they say. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".github/SECURITY.md"],
  ...["docs", "docs/adr"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`),
  ),
];

test.each(DOCUMENTS)("%s names only files that exist", (document) => {
  const named = [...read(document).matchAll(/`((?:src|infra|handlers|test|scripts|docs|bench)\/[\w./-]+)`/g)];
  expect(named.map(([, path]) => path as string).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(DOCUMENTS)("every link in %s leads somewhere", (document) => {
  const links = [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const broken = links.filter(([, path = "", anchor]) => {
    const target = path === "" ? document : relative(root, join(root, dirname(document), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = markdown.replace(/^```.*?^```/gms, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The tables of rooms in docs/architecture.md: each room, and those that it may import, the core's own first. */
const ROWS: readonly { readonly room: string; readonly imports: readonly string[] }[] = [
  ...read("docs/architecture.md").matchAll(/^\| `([a-z/-]+)` \| [^|]+ \|([^|]*)\|$/gm),
].map(([, room = "", imports = ""]) => ({ room, imports: imports.match(/[a-z-]+/g) ?? [] }));
const CORE_ROOMS = ROWS.filter(({ room }) => existsSync(join(root, "src", "core", room)));
const OUTER_ROOMS = ROWS.filter(({ room }) => existsSync(join(root, room)));

/** The folders below `within` that files below `folder` import from. */
function importedFolders(folder: string, within: string): ReadonlySet<string> {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const imported = new Set<string>();
  for (const file of files.filter((name) => /\.tsx?$/.test(name))) {
    const path = join(root, folder, file);
    for (const [, target = ""] of readFileSync(path, "utf8").matchAll(
      /(?:from|import\() ?"(\.{1,2}\/[^"]+)"/g,
    )) {
      const [first = "", second] = relative(join(root, within), join(dirname(path), target)).split(/[\\/]/);
      if (first !== ".." && second !== undefined) imported.add(first);
    }
  }
  return imported;
}

test("docs/architecture.md has every room", () => {
  const folders = (path: string): readonly string[] =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  expect(CORE_ROOMS.map(({ room }) => room).sort()).toEqual(folders("src/core").toSorted());
  const outer = [...folders("src").map((name) => `src/${name}`), "handlers", "infra"];
  expect([...OUTER_ROOMS.map(({ room }) => room), "src/core"].sort()).toEqual(outer.sort());
});

test.each(CORE_ROOMS)("src/core/$room imports only what stands above it", ({ room, imports }) => {
  const above = CORE_ROOMS.slice(
    0,
    CORE_ROOMS.findIndex((row) => row.room === room),
  ).map((row) => row.room);
  expect(imports.filter((other) => !above.includes(other))).toEqual([]);
  const imported = [...importedFolders(`src/core/${room}`, "src/core")].filter((other) => other !== room);
  expect(imported.filter((other) => !imports.includes(other))).toEqual([]);
});

test.each(OUTER_ROOMS.filter(({ room }) => room !== "src/cli"))(
  "$room imports only what docs/architecture.md says",
  ({ room, imports }) => {
    const imported = [...importedFolders(room, "src")].filter((other) => `src/${other}` !== room);
    expect(imported.filter((other) => !imports.includes(other))).toEqual([]);
  },
);
