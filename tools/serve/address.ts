/**
 * Where the server listens, and who may reach it there. Without an administrator's secret it listens on loopback
 * only, with authentication off; with one it may listen anywhere and asks for a key everywhere.
 */
import { lookup } from "node:dns/promises";
import { BlockList, createServer, isIPv6 } from "node:net";
import type { AddressInfo } from "node:net";
import { StartFailure } from "./start-failure.ts";

/** Characters of the administrator's secret at least. A shorter one can be guessed from the network. */
export const ADMIN_SECRET_CHARS_MIN = 16;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addSubnet("::ffff:127.0.0.0", 104, "ipv6");

/** Where to connect to a server that listens on all addresses. */
const LOOPBACK_OF: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

export interface ListenAddress {
  /** A numeric address: the one that is bound is the one that was checked. */
  readonly address: string;
  readonly port: number;
  /** The address with its port, as workerd takes it: an IPv6 address in brackets. */
  readonly bind: string;
  /** The address to which this machine connects: loopback where the server listens on all addresses. */
  readonly connectAddress: string;
  /** What the user is told to open: the host as it was given. */
  readonly url: string;
  /** What programs on this machine open. */
  readonly localUrl: string;
}

/** Whether only this machine reaches the numeric address. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** The numeric address of a host name; of several the first IPv4 one. */
export async function resolveHost(host: string): Promise<string> {
  try {
    const found = await lookup(host, { all: true });
    const first = found.find((entry) => entry.family === 4) ?? found[0];
    if (first !== undefined) return first.address;
  } catch {
    // Whatever the resolver said: the user's way out is the same.
  }
  throw new StartFailure(`--host ${host}: this machine knows no address of that name.`);
}

/**
 * Refuses to listen where others could come in without a key.
 *
 * @param secret the value of LIVETWIN_ADMIN_SECRET; empty counts as unset.
 * @returns whether authentication is on.
 */
export function checkExposure(host: string, address: string, secret: string | undefined): boolean {
  if (secret !== undefined && secret !== "") {
    if (secret.length >= ADMIN_SECRET_CHARS_MIN) return true;
    throw new StartFailure(
      `LIVETWIN_ADMIN_SECRET has ${secret.length} characters; it must have at least ${ADMIN_SECRET_CHARS_MIN}, ` +
        "for it is the key to everything. One way to make one: openssl rand -hex 24",
    );
  }
  if (isLoopback(address)) return false;
  throw new StartFailure(
    `--host ${host} lets other machines in, and without an administrator's secret anybody there could do anything. ` +
      "Set one and give it as the bearer key of your requests: LIVETWIN_ADMIN_SECRET=$(openssl rand -hex 24) " +
      `npm start -- --host ${host}`,
  );
}

/**
 * Checks by binding that the port is free, and picks one for port 0.
 * Another program may still take it before workerd does; workerd then says so itself.
 */
export async function claimPort(
  host: string,
  address: string,
  port: number,
): Promise<ListenAddress> {
  const free = await bindOnce(address, port).catch((error: NodeJS.ErrnoException) => {
    throw new StartFailure(bindRefusal(error, host, port));
  });
  const connectAddress = LOOPBACK_OF[address] ?? address;
  return {
    address,
    port: free,
    bind: `${bracketed(address)}:${free}`,
    connectAddress,
    url: `http://${bracketed(host)}:${free}`,
    localUrl: `http://${bracketed(connectAddress)}:${free}`,
  };
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** The sentence for a port that somebody else has. */
export function portTaken(host: string, port: number): string {
  const other = port < 65_535 ? port + 1 : port - 1;
  return (
    `Port ${port} on ${host} is taken by another program. ` +
    `End that one, or choose another port: npm start -- --port ${other}`
  );
}

function bindRefusal(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === "EADDRINUSE") return portTaken(host, port);
  if (error.code === "EACCES")
    return `Port ${port} on ${host} needs privileges that this user lacks; take one from 1024 on.`;
  if (error.code === "EADDRNOTAVAIL") return `--host ${host} is not an address of this machine.`;
  return `Port ${port} on ${host} can't be used: ${error.message}.`;
}

function bindOnce(address: string, port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}
