import { afterAll, beforeAll } from "@jest/globals";
import { connectSource, type SourceConnection } from "../../src/embedded/dynamodb/clients.ts";
import { type Emulator, startEmulator } from "../../src/embedded/emulator.ts";
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
