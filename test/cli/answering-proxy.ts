import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An emulator behind a server that answers an operation by itself where `answers` gives something to answer. */
export async function withProxy(
  emulator: string,
  answers: (operation: string, body: string) => object | undefined,
  use: (endpoint: string) => Promise<void>,
): Promise<void> {
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).toString("utf8");
    const own = answers(String(request.headers["x-amz-target"]).split(".")[1] ?? "", body);
    response.setHeader("content-type", "application/x-amz-json-1.0");
    if (own !== undefined) {
      response.end(JSON.stringify(own));
      return;
    }
    const headers = { ...request.headers } as Record<string, string>;
    delete headers["content-length"];
    const answer = await fetch(emulator, { method: "POST", headers, body });
    response.statusCode = answer.status;
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
