/** A naive book of alerts: a list that is searched from end to end, in nobody's interest but that of being plain. */
import type { NoticeKind, Raise, Silence } from "../../../src/core/alerts/alert.ts";
import type { Severity } from "../../../src/core/model.ts";

export interface Episode {
  readonly model: string;
  readonly id: string;
  readonly key: string;
  said: Raise;
  worst: Severity;
  readonly raisedAtMs: number;
  raised: number;
  updates: number;
  state: "pending" | "firing" | "resolved" | "gone";
  isTold: boolean;
  /** Null when it has to be told. */
  toldAtMs: number | null;
  isAcknowledged: boolean;
  by: string | undefined;
}

const RANKS: readonly Severity[] = ["info", "warning", "error"];

export class ReferenceBook {
  readonly episodes: Episode[] = [];
  readonly silences = new Map<string, Silence>();
  notices: string[] = [];

  raise(model: string, id: string, said: Raise, nowMs: number): void {
    const open = this.open().find((e) => e.model === model && e.id === id && e.key === said.key);
    if (open === undefined) {
      const episode: Episode = {
        model,
        id,
        key: said.key,
        said,
        worst: said.severity,
        raisedAtMs: nowMs,
        raised: 1,
        updates: 0,
        state: "pending",
        isTold: false,
        toldAtMs: null,
        isAcknowledged: false,
        by: undefined,
      };
      this.episodes.push(episode);
      this.#fire(episode, nowMs);
      return;
    }
    this.#fire(open, nowMs);
    open.raised++;
    const { holdMs: holdBefore, ...before } = open.said;
    const { holdMs, ...after } = said;
    const isHoldNew = open.state === "pending" && holdBefore !== holdMs;
    if (JSON.stringify(before) !== JSON.stringify(after) || isHoldNew) open.updates++;
    const isWorse = RANKS.indexOf(said.severity) > RANKS.indexOf(open.worst);
    const hasFired = open.state === "firing";
    open.said = said;
    if (isWorse) open.worst = said.severity;
    this.#fire(open, nowMs);
    if (isWorse && hasFired) this.#tell("escalated", open, nowMs);
    else if (hasFired && !before.notify) this.#tellUntold(open, nowMs);
  }

  resolve(model: string, id: string, key: string | undefined, nowMs: number, by: string): void {
    for (const open of this.open())
      if (open.model === model && open.id === id && (key ?? open.key) === open.key)
        this.end(open, nowMs, by);
  }

  end(episode: Episode, nowMs: number, by: string): void {
    this.#fire(episode, nowMs);
    episode.state = episode.state === "pending" ? "gone" : "resolved";
    episode.by = by;
    if (episode.isTold) this.notices.push(`resolved ${nameOf(episode)}`);
  }

  acknowledge(episode: Episode): void {
    episode.isAcknowledged = true;
    if (episode.isTold) this.notices.push(`acknowledged ${nameOf(episode)}`);
  }

  /** What time does. */
  run(nowMs: number): void {
    for (const episode of this.open()) this.#fire(episode, nowMs);
    let hasEnded = false;
    for (const [id, { untilMs }] of this.silences) {
      if (untilMs > nowMs) continue;
      this.silences.delete(id);
      hasEnded = true;
    }
    if (hasEnded) this.tellUntold(nowMs);
    for (const episode of this.open()) {
      const { repeatMs } = episode.said;
      if (episode.state !== "firing" || episode.isAcknowledged || repeatMs === null) continue;
      if (episode.toldAtMs !== null && episode.toldAtMs + repeatMs <= nowMs)
        this.#tell("repeated", episode, nowMs);
    }
  }

  tellUntold(nowMs: number): void {
    for (const episode of this.open()) this.#tellUntold(episode, nowMs);
  }

  #tellUntold(episode: Episode, nowMs: number): void {
    if (episode.state === "firing" && !episode.isAcknowledged && episode.toldAtMs === null)
      this.#tell(episode.isTold ? "escalated" : "firing", episode, nowMs);
  }

  open(): Episode[] {
    return this.episodes.filter(({ state }) => state === "pending" || state === "firing");
  }

  #fire(episode: Episode, nowMs: number): void {
    if (episode.state !== "pending" || episode.raisedAtMs + episode.said.holdMs > nowMs) return;
    episode.state = "firing";
    this.#tell("firing", episode, nowMs);
  }

  #tell(kind: NoticeKind, episode: Episode, nowMs: number): void {
    if (!episode.said.notify) return;
    const { model, id, key, said } = episode;
    const isSilenced = [...this.silences.values()].some(
      (silence) =>
        silence.untilMs > nowMs &&
        (silence.model === null || silence.model === model) &&
        (silence.twin === null || silence.twin === id) &&
        (silence.key === null || silence.key === key) &&
        (silence.severity === null ||
          RANKS.indexOf(said.severity) <= RANKS.indexOf(silence.severity)),
    );
    if (isSilenced) {
      if (kind === "escalated") episode.toldAtMs = null;
      return;
    }
    episode.isTold = true;
    episode.toldAtMs = nowMs;
    this.notices.push(`${kind} ${nameOf(episode)}`);
  }
}

function nameOf({ model, id, key, said }: Episode): string {
  return `${model}/${id}/${key} ${said.severity} ${said.detail}`;
}
