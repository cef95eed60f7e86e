/** A fake AWS: answers each request of the SDK with the result or fault that a test wants. */
import { Readable } from "node:stream";

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The operation of a JSON service, such as StartQueryExecution. */
  readonly operation: string;
  readonly text: string;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes are sent as they are, other values as JSON. */
  readonly body?: unknown;
  /** The connection breaks after the body. */
  readonly breaksOff?: boolean;
}

/** Options for an SDK client whose requests go to `answer`; what it throws is a network fault. */
export function fakeAws(answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>): FakeAws {
  const requests: FakeRequest[] = [];
  return {
    requests,
    options: {
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
      requestHandler: {
        metadata: { handlerProtocol: "http/1.1" },
        destroy: () => undefined,
        updateHttpClientConfig: () => undefined,
        httpHandlerConfigs: () => ({}),
        handle: async (raw: RawRequest) => {
          const request = readRequest(raw);
          requests.push(request);
          return { response: response(await answer(request)) };
        },
      },
    },
  };
}

export interface FakeAws {
  readonly requests: readonly FakeRequest[];
  /** For the constructor of any client. */
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's types need classes of packages that are not dependencies.
  readonly options: any;
}

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

function readRequest(raw: RawRequest): FakeRequest {
  const headers = Object.fromEntries(
    Object.entries(raw.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { body = "" } = raw;
  return {
    method: raw.method,
    path: raw.path,
    query: raw.query ?? {},
    headers,
    operation: headers["x-amz-target"]?.split(".").at(-1) ?? "",
    text: typeof body === "string" ? body : new TextDecoder().decode(body),
  };
}

function response({ status = 200, headers = {}, body = "", breaksOff = false }: FakeAnswer) {
  return {
    statusCode: status,
    headers: { ...headers },
    body: Readable.from(pieces(bytesOf(body), breaksOff)),
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

async function* pieces(bytes: Uint8Array, breaksOff: boolean): AsyncGenerator<Uint8Array> {
  yield bytes;
  if (breaksOff) throw socketFault();
}

/** A broken connection: it is unknown whether the request was carried out. */
export function socketFault(): Error {
  return Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}

/** The answer of a JSON service to a rejected request. */
export function refusal(name: string, message = "", status = 400): FakeAnswer {
  return { status, headers: { "x-amzn-errortype": name }, body: { __type: name, message } };
}
