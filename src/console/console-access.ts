/**
 * Who may ask the console. Names of hosts keep other sites from reaching it by a name that they control (DNS rebinding). The link
 * that the terminal shows has a token for one use; it is exchanged for a cookie and a secret, and both are asked for: browsers
 * send a host's cookies to all of its ports, and only the console's own page holds the secret.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { KnownHosts } from "../serving/known-hosts.ts";

const TOKEN_MS = 60_000;

/** What a page shows with each request. */
export interface ShownCredentials {
  readonly cookie: string | undefined;
  readonly secret: string | undefined;
}

export class ConsoleAccess {
  /** Named by the instance: several consoles of one host keep theirs apart. */
  readonly cookieName: string = `dynalake_${randomText(6)}`;
  readonly cookie: string = randomText();
  readonly secret: string = randomText();
  readonly #hosts: KnownHosts;
  readonly #nowMs: () => number;
  #token: { readonly text: string; readonly untilMs: number } | undefined;

  /** `otherHosts`: names without a port, such as "tools.internal". */
  constructor(otherHosts: readonly string[], nowMs: () => number) {
    this.#hosts = new KnownHosts(otherHosts);
    this.#nowMs = nowMs;
  }

  /** A new token; an earlier one is worth nothing from then on. */
  newToken(): string {
    const text = randomText();
    this.#token = { text, untilMs: this.#nowMs() + TOKEN_MS };
    return text;
  }

  /** Whether there is a token that was not used, and is not too old. */
  get hasToken(): boolean {
    return this.#token !== undefined && this.#nowMs() < this.#token.untilMs; // breakage: console-token-expires
  }

  /** Whether the token is the one that was given out. It works once. */
  takeToken(text: string): boolean {
    const token = this.#token;
    if (token === undefined || !this.hasToken || !sameText(text, token.text)) return false;
    this.#token = undefined; // breakage: console-token-for-one-use
    return true;
  }

  /** `host`: the Host header. */
  allowsHost(host: string | undefined): boolean {
    return this.#hosts.allows(host);
  }

  /** Whether a page of the console's own address asks. Browsers send no Origin with a plain GET. */
  allowsOrigin(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) return true;
    return origin === `http://${host}` || origin === `https://${host}`; // breakage: console-origin-is-host
  }

  allows({ cookie, secret }: ShownCredentials): boolean {
    const known = cookie !== undefined && sameText(cookie, this.cookie); // breakage: console-asks-for-cookie
    return known && secret !== undefined && sameText(secret, this.secret); // breakage: console-asks-for-secret
  }
}

function randomText(bytes = 32): string {
  return randomBytes(bytes).toString("hex");
}

/** Takes as long whatever the texts have in common. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash("sha256", a, "buffer"), hash("sha256", b, "buffer"));
}
