/** The archive of a mock environment: a list, of the lines that the service would write to files. */
import { archiveLine, archivedRecord } from "../../core/archive/record.ts";
import type { OutboxEntry } from "../../core/cell/outbox.ts";
import type { Json } from "../../core/model.ts";
import type { MockService } from "./mock-services.ts";

/** A line of the archive. */
export interface ArchivedLine {
  readonly model: string;
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly record: Json;
}

export class MockArchive implements MockService {
  /** Oldest first. */
  readonly lines: ArchivedLine[];

  constructor(lines: readonly ArchivedLine[] = []) {
    this.lines = [...lines];
  }

  take(entries: readonly OutboxEntry[]): void {
    for (const { model, id, message } of entries) {
      const line = archiveLine(model, id, archivedRecord(message));
      this.lines.push(JSON.parse(line) as ArchivedLine);
    }
  }

  nextDueAtMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  run(): void {}

  copy(): MockArchive {
    return new MockArchive(this.lines);
  }
}
