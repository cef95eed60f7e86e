/** The headers of every answer of the console: nothing from elsewhere is loaded, nothing of it is framed, kept, and no other site learns its address. */
import { randomBytes } from "node:crypto";

/** For the one sheet of styles that the editor puts into the page; a new one for each answer. */
export function newNonce(): string {
  return randomBytes(18).toString("base64");
}

export function pageHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "font-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join("; "),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
}
