/** The bindings of wrangler.toml, as the Worker and its objects see them. */
import type { CellRpc, RegistryRpc, ReducerRpc, ShardRpc } from "./wire/internal-rpc.ts";

export interface Env {
  readonly TWIN: Namespace<CellRpc>;
  readonly SHARD: Namespace<ShardRpc>;
  readonly REDUCER: Namespace<ReducerRpc>;
  readonly REGISTRY: Namespace<RegistryRpc>;
  /** Static assets: the dashboard. Absent in tests. */
  readonly ASSETS?: { fetch(request: Request): Promise<Response> };
  /** `off` only where nobody but this machine can reach the server; anything else asks for a key. */
  readonly AUTH?: string;
  /** The administrator's secret: the bearer key of the role `admin`. */
  readonly ADMIN_SECRET?: string;
}

/** A Durable Object namespace, seen through its RPC contract: callers import no object code. */
export interface Namespace<Rpc> {
  getByName(name: string): Stub<Rpc>;
}

export type Stub<Rpc> = Rpc & { fetch(request: Request): Promise<Response> };
