/**
 * The databases that models may read, as the administrator names them in the environment: LIVETWIN_DATABASE_ERP
 * becomes the Worker's binding DATABASE_ERP. At the edge the Hyperdrive binding HYPERDRIVE_ERP takes its place.
 */
import { StartFailure } from "./start-failure.ts";

const PREFIX = "LIVETWIN_DATABASE_";
const NAME = /^[A-Z][A-Z0-9_]*$/;
const PROTOCOLS = new Set(["postgres:", "postgresql:"]);

/**
 * The names of the databases, in order. A variable that is empty counts as unset. Throws `StartFailure` for a name or
 * an address that nothing could use; it doesn't show the address, for there may be a password in it.
 */
export function databaseNames(environment: NodeJS.ProcessEnv): string[] {
  const names: string[] = [];
  for (const [variable, address] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || address === undefined || address === "") continue;
    const name = variable.slice(PREFIX.length);
    if (!NAME.test(name))
      throw new StartFailure(
        `${variable}: a database's name begins with a capital letter and has capital letters, digits and _ only.`,
      );
    if (!isAddress(address))
      throw new StartFailure(
        `${variable} is not the address of a database: postgres://user:password@host:port/database, ` +
          "with what is special in a URL percent-encoded.",
      );
    names.push(name);
  }
  return names.toSorted();
}

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && PROTOCOLS.has(url.protocol) && url.hostname !== "";
}
