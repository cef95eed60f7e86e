import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

export type EmulatorKind = "dynoxide" | "dynamodb-local-jar" | "dynamodb-local-docker";

/** An emulator that is on this machine, and how it is started. */
export interface EmulatorProgram {
  readonly kind: EmulatorKind;
  /** How long it may take to answer; a container may have to be fetched first. */
  readonly startSecondsMax: number;
  readonly command: (start: EmulatorStart) => EmulatorCommand;
}

export interface EmulatorStart {
  readonly port: number;
  readonly dataFolder: string | undefined;
  /** A name that is used by nothing else on this machine. */
  readonly name: string;
}

export interface EmulatorCommand {
  readonly file: string;
  readonly args: readonly string[];
}

export interface EmulatorPlaces {
  readonly searchPath?: string;
  readonly dynamoDbLocalJar?: string;
  readonly kinds?: readonly EmulatorKind[];
}

const allKinds: readonly EmulatorKind[] = ["dynoxide", "dynamodb-local-jar", "dynamodb-local-docker"];
const dockerImage = "amazon/dynamodb-local";
const dockerAnswersWithinMs = 5_000;

/** What this machine has, best first; in place of each thing that it has not, a line that says so. */
export async function* findEmulators(places: EmulatorPlaces): AsyncGenerator<EmulatorProgram | string> {
  for (const kind of places.kinds ?? allKinds) {
    if (kind === "dynoxide") yield* findDynoxide(places);
    if (kind === "dynamodb-local-jar") yield await findJar(places);
    if (kind === "dynamodb-local-docker") yield await findDocker(places);
  }
}

async function* findDynoxide(places: EmulatorPlaces): AsyncGenerator<EmulatorProgram | string> {
  const executable = process.platform === "win32" ? "dynoxide.exe" : "dynoxide";
  const packageName = `@dynoxide/${process.platform}-${process.arch}`;
  const packaged = packagedFile(packageName, executable);
  yield packaged === undefined ? `the package ${packageName} is not installed` : dynoxide(packaged);
  const onPath = await findOnPath(executable, places.searchPath);
  yield onPath === undefined ? "dynoxide is not on PATH" : dynoxide(onPath);
}

function dynoxide(file: string): EmulatorProgram {
  return {
    kind: "dynoxide",
    startSecondsMax: 10,
    command: ({ port, dataFolder }) => {
      const kept = dataFolder === undefined ? [] : ["--db-path", join(dataFolder, "dynoxide.db")];
      return { file, args: ["serve", "--host", "127.0.0.1", "--port", String(port), ...kept] };
    },
  };
}

async function findJar(places: EmulatorPlaces): Promise<EmulatorProgram | string> {
  const jar = places.dynamoDbLocalJar;
  if (jar === undefined) return "no DynamoDBLocal.jar was given";
  if (!(await isThere(jar, constants.R_OK))) return `there is no ${jar}`;
  const java = await findOnPath(process.platform === "win32" ? "java.exe" : "java", places.searchPath);
  if (java === undefined) return "java, for DynamoDBLocal.jar, is not on PATH";
  const libraries = `-Djava.library.path=${join(dirname(jar), "DynamoDBLocal_lib")}`;
  return {
    kind: "dynamodb-local-jar",
    startSecondsMax: 60,
    command: ({ port, dataFolder }) => {
      const kept = dataFolder === undefined ? ["-inMemory"] : ["-dbPath", dataFolder];
      return { file: java, args: [libraries, "-jar", jar, "-sharedDb", "-port", String(port), ...kept] };
    },
  };
}

async function findDocker(places: EmulatorPlaces): Promise<EmulatorProgram | string> {
  const docker = await findOnPath(process.platform === "win32" ? "docker.exe" : "docker", places.searchPath);
  if (docker === undefined) return "docker is not on PATH";
  if (!(await answers(docker))) return "docker is there, but its daemon does not answer";
  return {
    kind: "dynamodb-local-docker",
    startSecondsMax: 180,
    command: ({ port, dataFolder, name }) => {
      const volume = dataFolder === undefined ? [] : ["--user", "root", "--volume", `${dataFolder}:/data`];
      const container = [
        "run",
        "--rm",
        "--init",
        "--name",
        name,
        "--publish",
        `127.0.0.1:${port}:8000`,
        ...volume,
      ];
      const kept = dataFolder === undefined ? ["-inMemory"] : ["-dbPath", "/data"];
      const program = ["-jar", "DynamoDBLocal.jar", "-sharedDb", ...kept];
      return { file: docker, args: [...container, dockerImage, ...program] };
    },
  };
}

function packagedFile(packageName: string, file: string): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return join(dirname(manifest), file);
  } catch {
    return undefined;
  }
}

async function findOnPath(file: string, searchPath: string | undefined): Promise<string | undefined> {
  for (const folder of (searchPath ?? "").split(delimiter)) {
    if (folder !== "" && (await isThere(join(folder, file), constants.X_OK))) return join(folder, file);
  }
  return undefined;
}

async function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

function answers(docker: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { timeout: dockerAnswersWithinMs };
    execFile(docker, ["version", "--format", "{{.Server.Version}}"], options, (error) =>
      resolve(error === null),
    );
  });
}
