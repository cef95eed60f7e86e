/** How the page speaks with its server: it exchanges the link's token once, and sends the secret with each request. */
import type { ApiError } from "../console/api.ts";

const SECRET_NAME = "dynalake-secret";
const SECRET_HEADER = "x-dynalake-secret";

/** An answer that is an error, with what to do next. */
export class Failure extends Error {
  readonly code: string;
  readonly next: string | undefined;

  constructor({ code, message, next }: ApiError) {
    super(message);
    this.code = code;
    this.next = next;
  }
}

/**
 * Exchanges the token of a link, which the fragment carries, so that no log has it. The secret is kept for other tabs; it is worth
 * nothing once this server has ended.
 */
export async function openSession(): Promise<void> {
  const token = /^#token=([0-9a-f]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(null, "", "#/");
  const { secret } = await send<{ readonly secret: string }>("/api/session", { token });
  keep(SECRET_NAME, secret);
}

/** Rejects with Failure. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await answered(path, signal === undefined ? {} : { signal })).json() as Promise<T>;
}

/** Rejects with Failure. */
export async function send<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
  return (await sendForAnswer(path, body, signal)).json() as Promise<T>;
}

/** For an answer that is read as it comes. Rejects with Failure. */
export function sendForAnswer(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  return answered(path, signal === undefined ? request : { ...request, signal });
}

async function answered(path: string, request: RequestInit): Promise<Response> {
  const headers = {
    ...(request.headers as Record<string, string>),
    [SECRET_HEADER]: keptText(SECRET_NAME) ?? "",
  };
  const answer = await fetch(path, { ...request, headers }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure({
      code: "UNREACHABLE",
      message: "The console does not answer.",
      next: "Start `dynalake ui` again in the terminal.",
    });
  });
  if (answer.ok) return answer;
  const { error } = (await answer.json().catch(() => ({}))) as { readonly error?: ApiError };
  throw new Failure(
    error ?? { code: "INTERNAL", message: `The console answered with status ${answer.status}.` },
  );
}

/** Private windows refuse to keep anything: then it lasts as long as the page. */
const forThisPage = new Map<string, string>();

export function keptText(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? forThisPage.get(name);
  } catch {
    return forThisPage.get(name);
  }
}

export function keep(name: string, value: string): void {
  forThisPage.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // Kept above.
  }
}
