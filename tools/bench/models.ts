/**
 * The models of the bench's servers, in the place of `models/index.ts`. The pump is a small twin with a history,
 * whose own code takes about 0.1 µs a message: what is measured is the engine around it.
 */
import { DigitalTwin, model } from "livetwin";
import type { ModelDefinition, ProcessingContext } from "livetwin";
import * as v from "valibot";
import statusTracker from "../../models/power-grid/status-tracker.ts";

const PumpMessage = v.object({
  temp: v.number(),
  rpm: v.number(),
  flow: v.number(),
  ts: v.number(),
  mode: v.string(),
});
type PumpMessage = v.InferOutput<typeof PumpMessage>;

const HOT = 95;
const COOL = 60;
const INCIDENTS_MAX = 3;

/** Twins of this many sites. */
export const SITES = 50;

/** About 290 bytes of state, of which three incidents. */
export class Pump extends DigitalTwin<PumpMessage> {
  site = "";
  kind = "kind-0";
  status = "ok";
  mode = "automatic";
  temp = 20.5;
  rpm = 1_400;
  flow = 1.5;
  avgTemp = 20.5;
  maxTemp = 20.5;
  count = 0;
  lastTs = 0;
  alarm = false;
  incidents: { t: number; v: number }[] = [];

  override processMessages(_context: ProcessingContext, messages: PumpMessage[]): void {
    for (const { temp, rpm, flow, ts, mode } of messages) {
      this.temp = temp;
      this.rpm = rpm;
      this.flow = flow;
      this.mode = mode;
      this.lastTs = ts;
      this.count++;
      this.avgTemp = this.avgTemp * 0.9 + temp * 0.1;
      if (temp > this.maxTemp) this.maxTemp = temp;
      if (temp > HOT) this.#recordIncident(ts, temp);
      else if (this.alarm && temp < COOL) {
        this.alarm = false;
        this.status = "ok";
      }
    }
  }

  #recordIncident(t: number, v: number): void {
    this.status = "hot";
    this.alarm = true;
    if (this.incidents.length >= INCIDENTS_MAX) this.incidents.shift();
    this.incidents.push({ t, v });
  }
}

/** A model of pumps. The first state has all of its incidents: the size stays about the same. */
export function pumps(name: string, cells: number): ModelDefinition {
  return model(Pump, {
    name,
    message: PumpMessage,
    cells,
    initial: (id) => ({
      site: `site-${Number(id.slice(-5)) % SITES}`,
      kind: `kind-${Number(id.slice(-5)) % 7}`,
      incidents: Array.from({ length: INCIDENTS_MAX }, (_, i) => ({
        t: 1_764_000_000_000 + i,
        v: 97.5,
      })),
    }),
  });
}

export const MODELS: readonly ModelDefinition[] = [pumps("Pump", 4), statusTracker];
