/** A model for tests of the engine: it does on demand whatever a model can do. */
import { DigitalTwin, ProcessingResult, model } from "livetwin";
import type { Alert, Json, ProcessingAnswer, ProcessingContext } from "livetwin";
import * as v from "valibot";

const CounterMessage = v.object({
  add: v.optional(v.number()),
  /** What to do beside adding. */
  do: v.optional(v.string()),
  to: v.optional(v.string()),
  model: v.optional(v.string()),
  body: v.optional(v.any()),
  ms: v.optional(v.number()),
});

type CounterMessage = v.InferOutput<typeof CounterMessage>;

export class Counter extends DigitalTwin<CounterMessage> {
  total = 0;
  steps = 0;
  label = "";
  active = false;
  lastAt = new Date(0);
  maybe: number | null = null;
  values: number[] = [];
  nested: Record<string, unknown> = {};
  fired: string[] = [];
  extra: unknown = null;

  override processMessages(
    context: ProcessingContext,
    messages: CounterMessage[],
  ): ProcessingAnswer {
    this.steps++;
    let answer: ProcessingAnswer = undefined;
    for (const message of messages) {
      this.total += message.add ?? 0;
      if (message.add !== undefined) this.values = [...this.values, message.add].slice(-20);
      if (message.do !== undefined) answer = this.#act(context, message) ?? answer;
    }
    return answer;
  }

  override onTimer(context: ProcessingContext, timer: string): void {
    this.fired.push(timer);
    if (timer === "throws") throw new Error("onTimer fails");
    if (timer === "command") context.sendToDataSource({ timer });
    if (timer === "chain") context.startTimer("end", 10);
  }

  #act(context: ProcessingContext, message: CounterMessage): ProcessingAnswer {
    const { to = "", ms = 1_000, body = null } = message;
    switch (message.do) {
      case "throw":
        throw new Error(`told to throw by ${JSON.stringify(body)}`);
      case "command":
        return context.sendToDataSource(body as Json);
      case "send":
        return context.sendToTwin(message.model ?? "Counter", to, body as Json);
      case "timer":
        return context.startTimer(to, ms);
      case "recurring":
        return context.startTimer(to, ms, { recurring: true });
      case "stop":
        return context.stopTimer(to);
      case "alert":
        return context.alert({ title: to });
      case "raise":
        return context.alert(body as Alert);
      case "resolve":
        return context.resolveAlert(to);
      case "log":
        return context.log("info", to);
      case "archive":
        return context.archive(body as Json);
      case "no-update":
        return ProcessingResult.NoUpdate;
      case "remove":
        return ProcessingResult.Remove;
      case "store":
        this.extra = body;
        return undefined;
      case "store-undefined":
        this.extra = { deep: [1, undefined] };
        return undefined;
      case "grow":
        this.label = "x".repeat(ms);
        return undefined;
      case "date":
        this.lastAt = new Date(context.now);
        return undefined;
      case "random":
        this.maybe = context.random();
        return undefined;
      case "wait":
        return gate.wait(to).then(() => undefined);
      case "wait-throw":
        return gate.wait(to).then(() => {
          throw new Error("fails after waiting");
        });
      default:
        throw new Error(`unknown action ${message.do}`);
    }
  }
}

/** Holds asynchronous steps until a test opens them by name. */
class Gate {
  readonly #open = new Map<string, () => void>();

  wait(name: string): Promise<void> {
    return new Promise((open) => this.#open.set(name, open));
  }

  open(name: string): void {
    const open = this.#open.get(name);
    if (open === undefined) throw new Error(`nobody waits for ${name}`);
    this.#open.delete(name);
    open();
  }
}

export const gate = new Gate();

export const counterModel = model(Counter, {
  name: "Counter",
  message: CounterMessage,
  query: { maybe: "number" },
  initial: (id) => (id.startsWith("labelled-") ? { label: id } : undefined),
});

/** The same with a short history, and an archive of the messages that take away. */
export const recordedModel = model(Counter, {
  name: "Recorded",
  message: CounterMessage,
  history: { count: 5, ageMs: 3_600_000 },
  archive: ({ add }, { total }) => {
    if (add === -13) throw new Error("the filter fails");
    return add !== undefined && add < 0 && total > -100;
  },
});
