// Runs the tests of test/aws: the deployment on AWS, on emulators. They need Python 3.10 or newer, JDK 24 or newer, and Maven to
// download Trino, which stands in for Athena. The emulators are downloaded once, from PyPI and Maven, into a cache outside the
// repository. If something is missing, the tests are skipped, and this script prints why.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { argv, env, execPath, exit, platform } from "node:process";
import { fileURLToPath } from "node:url";

const trinoVersion = "476";
const jdkVersionMin = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dynalake");
const requirements = join(root, "test", "aws", "emulator", "requirements.txt");

const tools = findTools();
const missing = typeof tools === "string" ? tools : undefined;
if (missing !== undefined) console.log(`The tests of the deployment on AWS are skipped: ${missing}`);

const jest = [
  "--experimental-vm-modules",
  "--disable-warning=ExperimentalWarning",
  "node_modules/jest/bin/jest.js",
];
// No test has this name, so jest reports how many it skipped.
const skipped = missing === undefined ? [] : ["--testNamePattern", "(?!)"];
const run = spawnSync(execPath, [...jest, "--config", "jest.aws.config.mjs", ...argv.slice(2), ...skipped], {
  cwd: root,
  stdio: "inherit",
  env: { ...env, ...(missing === undefined ? tools : {}) },
});
exit(run.status ?? 1);

/** The environment variables with which the tests find the tools; otherwise what is missing. */
function findTools() {
  if (platform === "win32") return "the emulators run on Linux and macOS";
  const basePython = findPython();
  if (basePython === undefined) return "Python 3.10 or newer with venv is not on PATH";
  const java = findJdk();
  if (java === undefined)
    return `JDK ${jdkVersionMin} or newer was not found: set JAVA_HOME, or install one in /usr/lib/jvm`;
  const trino = join(cache, `trino-${trinoVersion}`);
  if (!existsSync(trino) && spawnSync("mvn", ["--version"]).error)
    return "mvn (Maven), which downloads Trino, is not on PATH";
  const python = join(cache, `aws-emulator-${requirementsHash(basePython)}`);
  const fault = pythonIsMissing(basePython, python) ?? trinoIsMissing(basePython, trino);
  if (fault !== undefined) return fault;
  return {
    DYNALAKE_AWS_PYTHON: join(python, "bin", "python"),
    DYNALAKE_AWS_TRINO: trino,
    DYNALAKE_AWS_JAVA: java,
  };
}

function findPython() {
  const names = [env.PYTHON, "python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
  const check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
  return names.find((name) => name !== undefined && spawnSync(name, ["-c", check]).status === 0);
}

/** The home of a JDK; a runtime without the compiler also works. */
function findJdk() {
  const below = (folder, inner = "") =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, inner)) : [];
  const onPath = (env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
  const homes = [
    env.JAVA_HOME,
    ...below("/usr/lib/jvm"),
    ...below("/opt"),
    ...below("/Library/Java/JavaVirtualMachines", "Contents/Home"),
    ...below(join(homedir(), ".sdkman", "candidates", "java")),
    ...onPath,
  ];
  return homes.find((home) => home !== undefined && jdkVersion(home) >= jdkVersionMin);
}

/** The version in the JDK's file "release"; 0 if it is not a JDK. */
function jdkVersion(home) {
  const release = join(home, "release");
  if (!existsSync(join(home, "bin", "java")) || !existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, "utf8"))?.[1] ?? 0);
}

function requirementsHash(python) {
  const version = spawnSync(python, ["--version"], { encoding: "utf8" }).stdout;
  const text = version + readFileSync(requirements, "utf8");
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function pythonIsMissing(basePython, python) {
  const isWhole = () =>
    spawnSync(join(python, "bin", "python"), ["-c", "import ministack, duckdb"]).status === 0;
  if (isWhole()) return undefined;
  console.log("Installing the emulator from PyPI (190 MB, once)...");
  const fault = makeWhole(python, isWhole, (folder) => {
    if (!runs(basePython, ["-m", "venv", folder])) return "python could not make a virtual environment";
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
    if (!runs(join(folder, "bin", "python"), pip)) return "pip could not install ministack";
    return undefined;
  });
  return fault ?? (isWhole() ? undefined : "the emulator from PyPI does not start");
}

function trinoIsMissing(basePython, trino) {
  const isWhole = () => existsSync(trino);
  if (isWhole()) return undefined;
  console.log("Downloading Trino from Maven (450 MB, once)...");
  return makeWhole(trino, isWhole, (folder) => {
    const server = fetched(folder, `io.trino:trino-server-core:${trinoVersion}:tar.gz`);
    const hive = fetched(folder, `io.trino:trino-hive:${trinoVersion}:zip`);
    if (server === undefined || hive === undefined) return `mvn could not download Trino ${trinoVersion}`;
    if (!runs("tar", ["-xzf", server, "-C", folder, "--strip-components=1"]))
      return "tar could not unpack Trino";
    // The other plug-ins would only slow down the start.
    rmSync(join(folder, "plugin"), { recursive: true });
    const unzip = ["-m", "zipfile", "-e", hive, join(folder, "plugin")];
    if (!runs(basePython, unzip)) return "python could not unpack the plug-in of Trino";
    rmSync(server);
    rmSync(hive);
    return undefined;
  });
}

/** Downloads an artifact into the folder and returns its path; undefined if Maven cannot. */
function fetched(folder, artifact) {
  const [, name, version, type] = artifact.split(":");
  const copy = [`dependency:copy`, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  return runs("mvn", ["--quiet", "--batch-mode", ...copy])
    ? join(folder, `${name}-${version}.${type}`)
    : undefined;
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}

/** Names the folder only once it is filled, so that an interrupted download leaves nothing that looks complete. */
function makeWhole(place, isWhole, fill) {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${place}-`);
  try {
    const fault = fill(folder);
    if (fault !== undefined) return fault;
    // Another run may have been faster and be using it.
    if (isWhole()) return undefined;
    rmSync(place, { recursive: true, force: true });
    renameSync(folder, place);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
