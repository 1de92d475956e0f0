/**
 * A gas meter that watches its own readings. When they stay high for too long, or one is very high, it has its
 * device shut the gas pipe, once, and raises an alert. When the device falls silent, its twin says so.
 */
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import * as v from "valibot";
import { EventTime } from "../airports/event-time.ts";

/** Parts per million: a reading above this is too high. */
const LIMIT_PPM = 50;
/** Parts per million from which no time is lost. */
const ALARM_PPM = 200;
/** Milliseconds of the meter's own time for which readings may be too high. */
const EXCEEDED_MS_MAX = 15 * 60_000;
/** Milliseconds without a message after which a meter counts as silent. */
const SILENT_AFTER_MS = 10 * 60_000;
/** The key under which the alert is raised, and resolved. */
const LEAK = "gas-leak";

const GasReading = v.object({ PPMReading: v.number(), Timestamp: EventTime });

export type GasReading = v.InferOutput<typeof GasReading>;

/** Times are epoch milliseconds. */
export class GasMeter extends DigitalTwin<GasReading> {
  lastPPMReading = 0;
  lastPPMTime: number | null = null;
  limitExceeded = false;
  limitStartTime: number | null = null;
  alarmSounded = false;
  numEvents = 0;
  silent = false;
  site = "";
  longitude: number | null = null;
  latitude: number | null = null;

  override processMessages(context: ProcessingContext, readings: GasReading[]): void {
    this.silent = false;
    context.startTimer("silence", SILENT_AFTER_MS);
    for (const reading of readings) {
      this.lastPPMReading = reading.PPMReading;
      this.lastPPMTime = reading.Timestamp;
      if (reading.PPMReading > LIMIT_PPM) this.#exceedLimit(context, reading);
      else this.#returnToNormal(context);
    }
  }

  override onTimer(): void {
    this.silent = true;
  }

  #exceedLimit(context: ProcessingContext, { PPMReading, Timestamp }: GasReading): void {
    if (!this.limitExceeded) {
      this.limitExceeded = true;
      this.limitStartTime = Timestamp;
      this.numEvents++;
    }
    const exceededMs = Timestamp - (this.limitStartTime ?? Timestamp);
    const isAlarming = exceededMs > EXCEEDED_MS_MAX || PPMReading >= ALARM_PPM;
    if (!isAlarming || this.alarmSounded) return;

    this.alarmSounded = true;
    context.sendToDataSource({ Description: "Shutdown the incoming gas pipe", Code: 100 });
    context.alert({
      key: LEAK,
      title: "Gas leak",
      severity: "error",
      detail: `${PPMReading} ppm at ${this.site === "" ? context.id : this.site}`,
    });
  }

  #returnToNormal(context: ProcessingContext): void {
    this.limitExceeded = false;
    this.alarmSounded = false;
    context.resolveAlert(LEAK);
  }
}

export default model(GasMeter, {
  name: "GasMeter",
  message: GasReading,
  query: { lastPPMTime: "time", limitStartTime: "time", longitude: "number", latitude: "number" },
});
