import { afterAll, beforeAll } from "@jest/globals";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { connectSource, type SourceConnection } from "../../src/source/source-connection.ts";
import { registerChangeSourceTests } from "../conformance/change-source.ts";
import { streamHarness } from "../support/stream-harness.ts";

let emulator: Emulator;
let connection: SourceConnection;

beforeAll(async () => {
  emulator = await startEmulator({ kinds: ["dynoxide"] });
  connection = connectSource({ endpoint: emulator.endpoint });
});

afterAll(async () => {
  connection?.close();
  await emulator?.stop();
});

registerChangeSourceTests("dynoxide", () => streamHarness(connection));
