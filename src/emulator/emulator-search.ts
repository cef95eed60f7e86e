/** Finds the DynamoDB emulators on this machine. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

export type EmulatorKind = "dynoxide" | "dynamodb-local-jar" | "dynamodb-local-docker";

/** An emulator on this machine, and how to start it. */
export interface EmulatorProgram {
  readonly kind: EmulatorKind;
  /** How long it may take to answer. A container image may have to be downloaded first. */
  readonly startSecondsMax: number;
  readonly command: (start: EmulatorStart) => EmulatorCommand;
}

export interface EmulatorStart {
  readonly port: number;
  readonly dataFolder: string | undefined;
  /** Unique on this machine. */
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

/** Best first. */
const ALL_KINDS: readonly EmulatorKind[] = ["dynoxide", "dynamodb-local-jar", "dynamodb-local-docker"];
const DOCKER_IMAGE = "amazon/dynamodb-local";
const DOCKER_ANSWER_MS_MAX = 5_000;

/** The emulators on this machine, in the order of `kinds`. For each one that is missing, the reason as a text. */
export async function* findEmulators(places: EmulatorPlaces): AsyncGenerator<EmulatorProgram | string> {
  for (const kind of places.kinds ?? ALL_KINDS) {
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
  if (jar === undefined) return "no DynamoDBLocal.jar is configured";
  if (!(await isThere(jar, constants.R_OK))) return `${jar} does not exist`;
  const java = await findOnPath(process.platform === "win32" ? "java.exe" : "java", places.searchPath);
  if (java === undefined) return "java, which DynamoDBLocal.jar needs, is not on PATH";
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
  if (!(await answers(docker))) return "docker is installed, but its daemon does not respond";
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
      return { file: docker, args: [...container, DOCKER_IMAGE, ...program] };
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
    const options = { timeout: DOCKER_ANSWER_MS_MAX };
    execFile(docker, ["version", "--format", "{{.Server.Version}}"], options, (error) =>
      resolve(error === null),
    );
  });
}
