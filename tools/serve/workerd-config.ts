/**
 * The configuration of `workerd serve`, in Cap'n Proto's text form: the Worker with its objects on the local disk,
 * the static assets, the archive's folder, what it may reach on the network, the public socket, and a socket for the
 * supervisor alone.
 */
import type { Network } from "./arguments.ts";
import type { WorkerManifest } from "./build.ts";

/** MiB of V8 heap at most: with compressed pointers V8 has 4 GiB in all for one isolate. */
const HEAP_MIB_MAX = 3_840;

/**
 * MiB of each half of V8's young generation, and by how much the heap may grow before it is swept. Left to itself
 * with so large a heap, V8 sweeps late, and 100,000 twins under load take 450 to 500 MB; with these 340 to 370, at
 * some cost to batches (docs/benchmarks.md). Growth of 50 %, or halves of 8 MiB, cost a fifth of their speed.
 */
const SEMI_SPACE_MIB = 16;
const HEAP_GROWING_PERCENT = 100;

/** Part of the machine's memory that the heap may take; SQLite's caches and the rest of the process need some too. */
const HEAP_MEMORY_RATIO = 0.75;

export interface WorkerdConfigOptions {
  readonly manifest: WorkerManifest;
  /** Address and port of the public socket, such as `127.0.0.1:8787` or `[::1]:8787`. */
  readonly bind: string;
  /** Path of the unix socket for the entrypoint `Supervision`. */
  readonly supervisionSocket: string;
  /** Absolute paths. */
  readonly objectsDirectory: string;
  readonly assetsDirectory: string;
  /** It must exist. The Worker writes there over its binding ARCHIVE_FOLDER. */
  readonly archiveDirectory: string;
  readonly network: Network;
  /** Names of databases: workerd's environment must have LIVETWIN_DATABASE_<name> for each. */
  readonly databases: readonly string[];
  /** Whether requests need a key. If so, workerd's environment must have LIVETWIN_ADMIN_SECRET. */
  readonly authentication: boolean;
  /** Bytes of memory that this process may use. */
  readonly memoryBytes: number;
}

/**
 * Writes the configuration. Its file belongs beside `worker/` (the bundle), `assets.json` (the description of the
 * static assets) and `assets-worker.js`: Cap'n Proto embeds by relative path.
 */
export function workerdConfig(options: WorkerdConfigOptions): string {
  const { manifest } = options;
  const modules = manifest.modules.map(
    ({ name, kind }) => `(name = ${text(name)}, ${kind} = embed ${text(`worker/${name}`)})`,
  );
  // The unique key names the class's directory on disk and is hashed into every object's id. It must never change.
  const namespaces = manifest.objects.map(
    ({ className }) =>
      `(className = ${text(className)}, uniqueKey = ${text(`livetwin-${className}`)}, enableSql = true)`,
  );
  // Secrets are never written to disk: workerd takes them from its environment. So are a database's user and password.
  const access = options.authentication
    ? `(name = "ADMIN_SECRET", fromEnvironment = "LIVETWIN_ADMIN_SECRET")`
    : `(name = "AUTH", text = "off")`;
  const bindings = [
    ...manifest.objects.map(
      ({ binding, className }) =>
        `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`,
    ),
    `(name = ${text(manifest.assets.binding)}, service = "assets")`,
    `(name = "ARCHIVE_FOLDER", service = "archive")`,
    ...options.databases.map(
      (name) =>
        `(name = ${text(`DATABASE_${name}`)}, fromEnvironment = ${text(`LIVETWIN_DATABASE_${name}`)})`,
    ),
    access,
  ];
  const dates = [
    `compatibilityDate = ${text(manifest.compatibilityDate)}`,
    `compatibilityFlags = ${list(manifest.compatibilityFlags.map(text), "    ")}`,
  ].join(",\n  ");
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "assets", worker = .assets),
    (name = "objects", disk = (path = ${text(options.objectsDirectory)}, writable = true)),
    (name = "files", disk = (path = ${text(options.assetsDirectory)})),
    (name = "archive", disk = (path = ${text(options.archiveDirectory)}, writable = true)),
    (name = "network", network = (allow = ${allowed(options.network)}, tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "public", address = ${text(options.bind)}, http = (), service = "main"),
    (name = "supervision", address = ${text(`unix:${options.supervisionSocket}`)}, http = (),
      service = (name = "main", entrypoint = "Supervision")),
  ],
  v8Flags = ${list(v8Flags(options.memoryBytes).map(text), "    ")},
);

const main :Workerd.Worker = (
  modules = ${list(modules, "    ")},
  ${dates},
  durableObjectNamespaces = ${list(namespaces, "    ")},
  durableObjectStorage = (localDisk = "objects"),
  globalOutbound = "network",
  bindings = ${list(bindings, "    ")},
);

const assets :Workerd.Worker = (
  modules = [(name = "assets-worker.js", esModule = embed "assets-worker.js")],
  ${dates},
  bindings = [(name = "FILES", service = "files"), (name = "MANIFEST", json = embed "assets.json")],
);
`;
}

/**
 * The addresses that `fetch` and `connect` may reach. workerd's own default is the public ones, since on a host of
 * many customers the others would be somebody else's; here webhooks and databases are often on this very machine.
 */
function allowed(network: Network): string {
  switch (network) {
    case "none":
      return "[]";
    case "public":
      return '["public"]';
    case "private":
      return '["public", "private"]';
  }
}

/** What V8 is told: how large its heap may be, and how large the part for what was made just now. */
function v8Flags(memoryBytes: number): string[] {
  return [
    `--max-old-space-size=${heapMiBMax(memoryBytes)}`,
    `--max-semi-space-size=${SEMI_SPACE_MIB}`,
    `--heap-growing-percent=${HEAP_GROWING_PERCENT}`,
  ];
}

/**
 * MiB of heap for the one isolate that holds all twins. workerd's own default is about 1.4 GiB on any machine, at
 * which V8 ends the process: far below what a machine at home has, and too little for a million twins.
 */
function heapMiBMax(memoryBytes: number): number {
  return Math.min(HEAP_MIB_MAX, Math.floor((memoryBytes / 2 ** 20) * HEAP_MEMORY_RATIO));
}

function list(items: readonly string[], indent: string): string {
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `${indent}${item},\n`).join("")}  ]`;
}

/** A text literal. Control characters, which a path may hold, are escaped by their byte. */
function text(value: string): string {
  const escaped = Array.from(value, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    if (character >= " ") return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped.join("")}"`;
}
