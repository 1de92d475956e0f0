/** The bindings of wrangler.toml, as the Worker and its objects see them. */
import type {
  AlertsRpc,
  ArchiverRpc,
  CellRpc,
  RegistryRpc,
  ReducerRpc,
  ShardRpc,
  SharedDataRpc,
} from "./wire/internal-rpc.ts";

export interface Env {
  readonly TWIN: Namespace<CellRpc>;
  readonly SHARD: Namespace<ShardRpc>;
  readonly REDUCER: Namespace<ReducerRpc>;
  readonly REGISTRY: Namespace<RegistryRpc>;
  readonly ALERTS: Namespace<AlertsRpc>;
  readonly ARCHIVER: Namespace<ArchiverRpc>;
  readonly SHARED: Namespace<SharedDataRpc>;
  /** Static assets: the dashboard. Absent in tests. */
  readonly ASSETS?: { fetch(request: Request): Promise<Response> };
  /** Where the archive is: an R2 bucket, or a folder of this machine as a disk service. Absent: there is none. */
  readonly ARCHIVE?: ArchiveBucket;
  readonly ARCHIVE_FOLDER?: { fetch(request: Request): Promise<Response> };
  /** `off` only where nobody but this machine can reach the server; anything else asks for a key. */
  readonly AUTH?: string;
  /** The administrator's secret: the bearer key of the role `admin`. */
  readonly ADMIN_SECRET?: string;
}

/** What the archive needs of an R2 bucket. */
export interface ArchiveBucket {
  put(
    key: string,
    value: Uint8Array,
    options: { readonly httpMetadata: { readonly contentType: string } },
  ): Promise<unknown>;
  head(key: string): Promise<{ readonly size: number } | null>;
}

/** A Durable Object namespace, seen through its RPC contract: callers import no object code. */
export interface Namespace<Rpc> {
  getByName(name: string): Stub<Rpc>;
}

export type Stub<Rpc> = Rpc & { fetch(request: Request): Promise<Response> };
