/**
 * The names of hosts by which a server of this machine may be asked. A page of another site that reaches it by a name which that
 * site controls (DNS rebinding) shows the site's name.
 */

/** With any port: a tunnel may end at another one. */
const OWN_HOSTS = ["localhost", "127.0.0.1", "[::1]"];
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/;

export class KnownHosts {
  readonly #names: ReadonlySet<string>;

  /** `others`: names without a port, such as "tools.internal". */
  constructor(others: readonly string[] = []) {
    this.#names = new Set([...OWN_HOSTS, ...others.map((host) => host.toLowerCase())]);
  }

  /** `host`: the Host header. */
  allows(host: string | undefined): boolean {
    const name = HOST.exec(host?.toLowerCase() ?? "")?.[1];
    return name !== undefined && this.#names.has(name); // breakage: hosts-by-list
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** The hosts of a server that listens at `hostname`; undefined where that is an address of a network. */
export function hostsAt(hostname: string): KnownHosts | undefined {
  return LOOPBACK.test(hostname) ? new KnownHosts([hostname]) : undefined; // breakage: listening-host-is-known
}
