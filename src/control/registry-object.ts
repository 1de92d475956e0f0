/**
 * What is deployed: one object per deployment. A model's number of cells is written down when it is first
 * deployed and stays, whatever later code says: changing it would move every twin.
 */
import { DurableObject } from "cloudflare:workers";
import { MODELS } from "../../models/index.ts";
import type { ModelDefinition } from "../core/model.ts";
import type { Env } from "../env.ts";
import type { DeployedModel, RegistryRpc } from "../wire/internal-rpc.ts";
import { clockMs } from "../routing/clock.ts";

const PLACEMENT_VERSION = 1;
/** Cells whose columns one shard keeps well: about 260,000 twins. */
const CELLS_PER_SHARD = 16;
const SHARDS_MAX = 16;

export class Registry extends DurableObject<Env> implements RegistryRpc {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS model(
        name TEXT PRIMARY KEY, placement_version INTEGER NOT NULL, cells INTEGER NOT NULL,
        shards INTEGER NOT NULL, deployed_at_ms INTEGER NOT NULL) WITHOUT ROWID`,
    );
  }

  async deployed(): Promise<readonly DeployedModel[]> {
    return MODELS.map((model) => this.#deployed(model));
  }

  #deployed(model: ModelDefinition): DeployedModel {
    const stored = this.ctx.storage.sql
      .exec("SELECT * FROM model WHERE name = ?", model.name)
      .toArray()[0];
    if (stored === undefined) return this.#deploy(model);
    const cells = stored["cells"] as number;
    if (cells !== model.cells) {
      console.warn(
        `Model ${model.name} asks for ${model.cells} cells and keeps the ${cells} it was deployed with.`,
      );
    }
    return {
      name: model.name,
      fields: model.fields,
      placement: { version: stored["placement_version"] as number, cells },
      shards: stored["shards"] as number,
      deployedAtMs: stored["deployed_at_ms"] as number,
    };
  }

  #deploy({ name, fields, cells }: ModelDefinition): DeployedModel {
    const shards = Math.min(SHARDS_MAX, Math.max(1, Math.ceil(cells / CELLS_PER_SHARD)));
    const deployedAtMs = clockMs();
    this.ctx.storage.sql.exec(
      "INSERT INTO model VALUES (?, ?, ?, ?, ?)",
      name,
      PLACEMENT_VERSION,
      cells,
      shards,
      deployedAtMs,
    );
    return { name, fields, placement: { version: PLACEMENT_VERSION, cells }, shards, deployedAtMs };
  }
}
