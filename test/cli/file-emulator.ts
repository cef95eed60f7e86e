/** A DynamoDB emulator for the tests of one file, with a connection to it. */
import { afterAll, beforeAll } from "@jest/globals";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import type { SourceConnection } from "../../src/source/source-connection.ts";
import { connectTo } from "./source-table.ts";

export interface FileEmulator {
  readonly endpoint: string;
  readonly connection: SourceConnection;
}

/** Both are available once the tests run. */
export function fileEmulator(): FileEmulator {
  let emulator: Emulator | undefined;
  let connection: SourceConnection | undefined;
  beforeAll(async () => {
    emulator = await startEmulator({ kinds: ["dynoxide"] });
    connection = connectTo(emulator.endpoint);
  });
  afterAll(async () => {
    connection?.close();
    await emulator?.stop();
  });
  const running = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("the emulator is not running yet");
    return part;
  };
  return {
    get endpoint() {
      return running(emulator).endpoint;
    },
    get connection() {
      return running(connection);
    },
  };
}
