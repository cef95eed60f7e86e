// Writes docs/api: the reference of the library and of the constructs, from the doc comments of what they export. It is not in the
// repository; the package has it (scripts/pack.mjs).
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Application } from "typedoc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The package's entries, as an app imports them, by the folders of their sources. */
const ENTRIES = { src: "dynalake", infra: "dynalake/cdk" };

/** Fails on the first warning, such as a link in a comment that leads nowhere. */
export async function writeApiDocs(folder = join(root, "docs", "api")) {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: Object.keys(ENTRIES).map((name) => join(root, name, "index.ts")),
    tsconfig: join(root, "tsconfig.api.json"),
    // `npm run types` checks the sources, those of the library by other settings.
    skipErrorChecking: true,
    plugin: ["typedoc-plugin-markdown"],
    router: "module",
    outputs: [{ name: "markdown", path: folder }],
    name: "dynalake: API",
    readme: "none",
    disableSources: true,
    excludePrivate: true,
    excludeExternals: true,
    // What is exported names some types that are not.
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    logLevel: "Warn",
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("the sources cannot be read");
  for (const module of project.children ?? []) module.name = ENTRIES[module.name] ?? module.name;
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasWarnings() || app.logger.hasErrors()) throw new Error("typedoc has warnings");
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) await writeApiDocs();
