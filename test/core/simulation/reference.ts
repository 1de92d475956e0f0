/**
 * The rules of docs/simulation.md once more, as plainly as can be: one list of twins, searched from end to end for
 * everything. It plays the actors of actor.ts; chance, and what fails a run, it does not know.
 */
import type { Action } from "./actor.ts";

export interface Script {
  readonly steps?: readonly (readonly Action[])[];
  readonly init?: readonly Action[];
  readonly onTimers?: Readonly<Record<string, readonly Action[]>>;
}

interface Message {
  readonly note?: string;
  readonly actions?: readonly Action[];
}

interface Player {
  readonly model: string;
  readonly id: string;
  readonly script: Script;
  readonly notes: string[];
  step: number;
  isStarted: boolean;
  isGone: boolean;
  /** It takes part in this round of the step. */
  wokenFor: number | null;
  /** It is gone when its step has ended. */
  leaves: boolean;
  wakeAtMs: number | null;
  timers: { name: string; dueAtMs: number; everyMs: number | null }[];
  device: string | null;
}

interface Sent {
  readonly kind: "message" | "telemetry" | "create" | "delete";
  readonly to: string;
  readonly from: Player;
  readonly body: unknown;
}

/** Everything that a run tells of, times from its start. */
export interface Told {
  readonly notes: Readonly<Record<string, readonly string[]>>;
  readonly times: readonly number[];
  readonly endAtMs: number;
  readonly reason: string;
}

/** How deep messages may cause each other. */
const ROUNDS_MAX = 100;

export class Reference {
  readonly #intervalMs: number;
  readonly #endMs: number;
  #players: Player[] = [];
  #nowMs = 0;
  #round = 0;
  #asksStop = false;
  #isTooDeep = false;
  #sent: Sent[] = [];
  /** Of the call that is under way. */
  #commands: unknown[] = [];
  #others: Sent[] = [];

  constructor(intervalMs: number, endMs: number) {
    this.#intervalMs = intervalMs;
    this.#endMs = endMs;
  }

  add(model: string, id: string, script: Script): Player {
    const player: Player = {
      model,
      id,
      script,
      notes: [],
      step: 0,
      isStarted: model !== "Starter",
      isGone: false,
      wokenFor: null,
      leaves: false,
      wakeAtMs: model === "Passive" ? null : 0,
      timers: [],
      device: null,
    };
    this.#players.push(player);
    return player;
  }

  run(): Told {
    const times: number[] = [];
    for (;;) {
      const due = this.#players.flatMap(({ wakeAtMs, timers }) => [
        ...(wakeAtMs === null ? [] : [wakeAtMs]),
        ...timers.map(({ dueAtMs }) => dueAtMs),
      ]);
      const next = Math.min(...due);
      if (due.length === 0) return this.#told(times, "no-work", this.#nowMs);
      if (next >= this.#endMs) return this.#told(times, "end-time", this.#endMs);
      times.push(next);
      this.#nowMs = next;
      this.#step();
      if (this.#isTooDeep) return this.#told(times, "failed", this.#nowMs);
      if (this.#asksStop) return this.#told(times, "instance", this.#nowMs);
    }
  }

  #step(): void {
    this.#asksStop = false;
    this.#round = 0;
    for (const player of this.#players) this.#takeTurn(player);
    for (;;) {
      const sent = this.#sent;
      this.#sent = [];
      this.#round++;
      const woken = this.#players.filter(({ wokenFor }) => wokenFor === this.#round);
      if (sent.length === 0 && woken.length === 0) return;
      this.#isTooDeep = this.#round > ROUNDS_MAX;
      if (this.#isTooDeep) return;
      for (const to of new Set(sent.map((each) => each.to))) {
        const mail = sent.filter((each) => each.to === to).toSorted(bySender);
        this.#receive(to, mail);
      }
      for (const player of woken) {
        if (player.wokenFor === this.#round && !player.isGone) this.#simulate(player);
      }
    }
  }

  /** Round 0: who is new starts, timers, and who is due. */
  #takeTurn(player: Player): void {
    this.#start(player);
    const due = player.timers.filter(({ dueAtMs }) => dueAtMs === this.#nowMs);
    for (const timer of due) {
      if (player.isGone || !player.timers.includes(timer)) continue;
      if (timer.everyMs === null) player.timers = player.timers.filter((each) => each !== timer);
      else timer.dueAtMs = this.#after(timer.everyMs);
      this.#call(player, `timer ${timer.name}`, player.script.onTimers?.[timer.name] ?? []);
    }
    if (!player.isGone && player.wakeAtMs === this.#nowMs) this.#simulate(player);
  }

  #start(player: Player): void {
    if (player.isStarted) return;
    player.isStarted = true;
    this.#call(player, "init", player.script.init ?? []);
  }

  #simulate(player: Player): void {
    const { steps = [] } = player.script;
    const actions = steps[Math.min(player.step, steps.length - 1)] ?? [];
    player.step++;
    player.wokenFor = null;
    player.wakeAtMs = this.#after(0);
    this.#call(player, "simulate", actions);
  }

  #receive(to: string, mail: readonly Sent[]): void {
    const [model = "", id = ""] = to.split("/");
    for (let at = 0; at < mail.length; at++) {
      const { kind, body } = mail[at]!;
      const player = this.#find(to);
      if (kind === "delete") {
        if (player !== undefined) this.#remove(player);
      } else if (kind === "create") {
        if (player !== undefined) continue;
        const made = this.add(model, id, body as Script);
        if (model !== "Passive") made.wakeAtMs = this.#after(0);
        this.#start(made);
      } else if (player !== undefined || model === "Passive") {
        const receiver = player ?? this.add(model, id, {});
        // All messages up to the next creation or deletion are one call.
        for (; mail[at]?.kind === "message" || mail[at]?.kind === "telemetry"; at++) {
          const { kind: each, from, body: message } = mail[at]!;
          if (each === "telemetry") receiver.device = from.model;
          const { note = "", actions = [] } = message as Message;
          this.#act(receiver, `message ${note}`, actions);
        }
        at--;
        this.#endCall(receiver);
      }
    }
  }

  #call(player: Player, note: string, actions: readonly Action[]): void {
    this.#act(player, note, actions);
    this.#endCall(player);
  }

  /** Commands leave before all else that a call sends, to who is the device at its end. */
  #endCall(player: Player): void {
    const { device, id } = player;
    if (device !== null) {
      const to = `${device}/${id}`;
      for (const body of this.#commands)
        this.#sent.push({ kind: "message", to, from: player, body });
    }
    this.#sent.push(...this.#others);
    this.#commands = [];
    this.#others = [];
    if (player.leaves) this.#remove(player);
  }

  #act(player: Player, note: string, actions: readonly Action[]): void {
    player.notes.push(`${this.#nowMs} ${note}`.trim());
    const send = (kind: Sent["kind"], to: string, body: unknown): void => {
      this.#others.push({ kind, to, from: player, body });
    };
    for (const action of actions) {
      if ("delay" in action) {
        player.wokenFor = null;
        player.wakeAtMs = action.delay === "indefinitely" ? null : this.#after(action.delay);
      } else if ("wake" in action) {
        player.wokenFor = this.#round + 1;
        player.wakeAtMs = null;
      } else if ("send" in action) send("message", action.send, action.message);
      else if ("emit" in action) send("telemetry", `${action.emit}/${player.id}`, action.message);
      else if ("command" in action) this.#commands.push(action.command);
      else if ("create" in action) send("create", action.create, action.fields ?? {});
      else if ("delete" in action) send("delete", action.delete, null);
      else if ("timer" in action || "stopTimer" in action) this.#changeTimer(player, action);
      else if ("do" in action && action.do === "delete") player.leaves = true;
      else if ("do" in action && action.do === "stop") this.#asksStop = true;
      else throw new Error(`The reference does not know ${JSON.stringify(action)}.`);
    }
  }

  #changeTimer(
    player: Player,
    action: Extract<Action, { timer: string } | { stopTimer: string }>,
  ): void {
    const name = "timer" in action ? action.timer : action.stopTimer;
    player.timers = player.timers.filter((timer) => timer.name !== name);
    if (!("timer" in action)) return;
    const everyMs = action.recurring === true ? action.ms : null;
    player.timers.push({ name, dueAtMs: this.#after(action.ms), everyMs });
  }

  #remove(player: Player): void {
    player.isGone = true;
    this.#players = this.#players.filter((each) => each !== player);
  }

  #find(name: string): Player | undefined {
    return this.#players.find(({ model, id }) => `${model}/${id}` === name);
  }

  /** The first time of the run that is later than now by this much, and later than now. */
  #after(ms: number): number {
    let atMs = this.#nowMs + this.#intervalMs;
    while (atMs < this.#nowMs + ms) atMs += this.#intervalMs;
    return atMs;
  }

  #told(times: readonly number[], reason: string, endAtMs: number): Told {
    const notes = this.#players.map(
      ({ model, id, notes: own }) => [`${model}/${id}`, own] as const,
    );
    return { notes: Object.fromEntries(notes), times, reason, endAtMs };
  }
}

/** By model, then id; an array's own order is that of sending, and sorting keeps it. */
function bySender({ from: a }: Sent, { from: b }: Sent): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
