/** A wind turbine at sea: with limits of its own, and an eye on the waves. */
import { model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import type { Condition } from "./condition.ts";
import { OFFSHORE } from "./limits.ts";
import type { TurbineLimits } from "./limits.ts";
import { OffshoreTelemetry } from "./telemetry.ts";
import { TURBINE, WindTurbine } from "./wind-turbine.ts";

/** Metres: waves above this are too high. */
const WAVES_MAX = 8;
/** So many messages in a row tell high waves from a single one. */
const HIGH_WAVES_MIN = 3;
/** The key under which the alert is raised, and resolved. */
const HIGH_WAVES = "high-waves";

export class OffshoreTurbine extends WindTurbine {
  /** Metres. */
  waveHeight: number | null = null;
  /** Those in a row, up to the last. */
  numberMsgsWithHighWaves = 0;
  highWaves = false;

  override processMessages(context: ProcessingContext, messages: OffshoreTelemetry[]): void {
    for (const { WaveHeight } of messages) {
      if (WaveHeight !== undefined) this.#watchWaves(context, WaveHeight);
    }
    super.processMessages(context, messages);
  }

  override limits(): TurbineLimits {
    return OFFSHORE;
  }

  override conditionNow(): Condition {
    return this.highWaves ? "critical" : super.conditionNow();
  }

  #watchWaves(context: ProcessingContext, waveHeight: number): void {
    this.waveHeight = waveHeight;
    if (waveHeight <= WAVES_MAX) {
      if (this.highWaves) context.resolveAlert(HIGH_WAVES);
      this.highWaves = false;
      this.numberMsgsWithHighWaves = 0;
      return;
    }
    this.numberMsgsWithHighWaves++;
    if (this.highWaves || this.numberMsgsWithHighWaves < HIGH_WAVES_MIN) return;
    this.highWaves = true;
    const detail = `${waveHeight} m${this.farmId === "" ? "" : ` at ${this.farmId}`}`;
    context.alert({ key: HIGH_WAVES, title: "High waves", severity: "error", detail });
  }
}

export default model(OffshoreTurbine, {
  ...TURBINE,
  name: "OffshoreTurbine",
  message: OffshoreTelemetry,
  query: { ...TURBINE.query, waveHeight: "number" },
});
