/** The mock environment as a host of the model contract. */
import type { HistoryEntry } from "livetwin";
import type { ChildReport } from "livetwin";
import { MockEnvironment } from "livetwin/testing";
import type { AlertView } from "livetwin/testing";
import type { Json } from "livetwin";
import { MODELS } from "../../support/models.ts";
import type {
  HostAnswer,
  HostCommand,
  HostArchived,
  HostLog,
  HostMessage,
  HostState,
  ModelHost,
} from "./host.ts";

let made = 0;

export class MockHost implements ModelHost {
  readonly environment: MockEnvironment;

  constructor(options: { readonly restartBetweenCalls?: boolean } = {}) {
    this.environment = new MockEnvironment({ models: MODELS, ...options });
  }

  fresh(name: string): string {
    return `${name}-${++made}`;
  }

  nowMs(): number {
    return this.environment.nowMs;
  }

  async send(model: string, id: string, message: unknown): Promise<HostAnswer> {
    return this.environment.send(model, id, message);
  }

  async sendAsync(model: string, id: string, message: unknown): Promise<HostAnswer> {
    return this.environment.sendAsync(model, id, message);
  }

  async shared(scope: string, key: string): Promise<unknown> {
    return this.environment.shared(scope).get(key) ?? null;
  }

  async setShared(scope: string, key: string, value: Json): Promise<void> {
    this.environment.shared(scope).set(key, value);
  }

  async setTable(name: string, table: Parameters<ModelHost["setTable"]>[1]): Promise<void> {
    this.environment.setTable(name, table);
  }

  async sendBatch(model: string, messages: readonly HostMessage[]): Promise<HostAnswer> {
    return this.environment.sendBatch(model, messages);
  }

  async state(model: string, id: string): Promise<HostState | undefined> {
    return this.environment.twin(model, id);
  }

  async children(model: string, id: string): Promise<readonly ChildReport[]> {
    return this.environment.children(model, id);
  }

  async put(model: string, id: string, state: HostState): Promise<void> {
    this.environment.put(model, id, state);
  }

  async remove(model: string, id: string): Promise<void> {
    this.environment.remove(model, id);
  }

  async pendingCommands(model: string, id: string): Promise<readonly HostCommand[]> {
    return this.environment.pendingCommands(model, id);
  }

  async ackCommands(model: string, id: string, commandIds: readonly string[]): Promise<number> {
    return this.environment.ackCommands(model, id, commandIds);
  }

  async advance(byMs: number): Promise<void> {
    this.environment.advance(byMs);
    await this.environment.settled();
  }

  async restart(): Promise<void> {
    this.environment.restart();
  }

  async history(
    ...[model, id, query]: Parameters<ModelHost["history"]>
  ): Promise<readonly HistoryEntry[] | string> {
    try {
      return this.environment.history(model, id, query);
    } catch (error) {
      return (error as Error).message.split(":")[0]!;
    }
  }

  async archived(model: string, id: string): Promise<readonly HostArchived[]> {
    return this.environment.archived(model).filter((line) => line.id === id);
  }

  async alerts(
    model: string,
    id: string,
    states: readonly AlertView["state"][],
  ): Promise<readonly AlertView[]> {
    return this.environment.alertList({ model, id, states });
  }

  async handleAlert(
    act: "acknowledge" | "resolve",
    alertId: string,
    note: string,
  ): Promise<AlertView> {
    return act === "acknowledge"
      ? this.environment.acknowledgeAlert(alertId, { note })
      : this.environment.resolveAlert(alertId, { note });
  }

  async logs(model: string, id: string): Promise<readonly HostLog[]> {
    return this.environment.logs(model).filter((entry) => entry.id === id);
  }

  async query(sql: string): Promise<readonly (readonly unknown[])[]> {
    return this.environment.query({ sql }).rows;
  }
}
