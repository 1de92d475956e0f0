/**
 * A wind turbine that knows for how long it has been too hot or too slow. When that exceeds what it may, the sooner
 * the nearer its maintenance is, it tells its device and raises an alert; and it reports to its farm how well it is.
 */
import { addEvent, addToBins, DigitalTwin, mergeSummaries, model, statisticsOf } from "livetwin";
import type { Alert, Bin, ProcessingContext } from "livetwin";
import { HIGH_TEMPERATURE, LOW_RPM } from "./condition.ts";
import type { Condition, Watch } from "./condition.ts";
import { isPreMaintenance, ONSHORE } from "./limits.ts";
import type { TurbineLimits } from "./limits.ts";
import { DeviceTelemetry } from "./telemetry.ts";

/** Milliseconds of message time after which an alert that goes on is told again. */
const REPEAT_AFTER_MS = 30_000;
const INCIDENTS_MAX = 200;
const DAY_BY_HOUR = { lengthMs: 3_600_000, countMax: 24 };

/**
 * A list of names and numbers would be 100 KB at its 2,000 entries, and is made text of at each step. This takes half
 * of that.
 */
export type MessageEntry = [timestamp: number, temp: number, rpm: number];

const MESSAGES = { countMax: 2_000, timeOf: ([timestamp]: MessageEntry): number => timestamp };

export interface Incident {
  readonly timestamp: number;
  readonly type: Watch["type"];
  readonly incident: "Started" | "AlertSent" | "Resolved";
}

/** What goes with the messages of one call. */
interface Batch {
  readonly context: ProcessingContext;
  readonly limits: TurbineLimits;
  /** Those to raise: a backlog of hours has many, of which each would only say what is new of the one before. */
  readonly alerts: Map<Watch, Alert>;
}

/** Times are epoch milliseconds, temperatures degrees Celsius. */
export class WindTurbine extends DigitalTwin<DeviceTelemetry> {
  turbineModel = "Model17331";
  farmId = "";
  region = "";
  latitude: number | null = null;
  longitude: number | null = null;
  nextMaintDate: number | string | null = null;

  condition: Condition = "ok";
  status = "";
  temp: number | null = null;
  rpm: number | null = null;
  lastMessageTime: number | null = null;

  trackingHighTemperature = false;
  highTempStartTime: number | null = null;
  /** Of the newest alert since then. */
  highTempAlertTime: number | null = null;
  numberMsgsWithOverTemp = 0;
  trackingLowRPM = false;
  lowRPMStartTime: number | null = null;
  lowRPMAlertTime: number | null = null;
  numberMsgsWithLowRPM = 0;

  /** The newest 24 hours that have messages, and what they come to. */
  hourlyTemp: Bin[] = [];
  hourlyRPM: Bin[] = [];
  meanTemp: number | null = null;
  meanRPM: number | null = null;
  meanMessageCount: number | null = null;

  incidentList: Incident[] = [];
  messageList: MessageEntry[] = [];

  override processMessages(context: ProcessingContext, messages: DeviceTelemetry[]): void {
    const batch: Batch = { context, limits: this.limits(), alerts: new Map() };
    const { tempMax, rpmMin } = batch.limits;
    for (const message of messages) {
      this.#remember(message);
      const { Temp, RPMSpeed, Timestamp } = message;
      this.#watch(batch, HIGH_TEMPERATURE, Timestamp, Temp > tempMax ? `${Temp} °C` : null);
      this.#watch(batch, LOW_RPM, Timestamp, RPMSpeed < rpmMin ? `${RPMSpeed} RPM` : null);
    }
    for (const alert of batch.alerts.values()) context.alert(alert);
    this.#summarize();
    this.condition = this.conditionNow();
  }

  /** What this kind of turbine may do. */
  limits(): TurbineLimits {
    return ONSHORE;
  }

  conditionNow(): Condition {
    if (this.highTempAlertTime !== null || this.lowRPMAlertTime !== null) return "critical";
    return this.trackingHighTemperature || this.trackingLowRPM ? "warning" : "ok";
  }

  #remember({ Temp, RPMSpeed, Timestamp, ...message }: DeviceTelemetry): void {
    this.temp = Temp;
    this.rpm = RPMSpeed;
    this.lastMessageTime = Timestamp;
    this.status = message.Status ?? this.status;
    this.latitude = message.Latitude ?? this.latitude;
    this.longitude = message.Longitude ?? this.longitude;
    addEvent(this.messageList, [Timestamp, Temp, RPMSpeed], MESSAGES);
    addToBins(this.hourlyTemp, Timestamp, Temp, DAY_BY_HOUR);
    addToBins(this.hourlyRPM, Timestamp, RPMSpeed, DAY_BY_HOUR);
  }

  #summarize(): void {
    const day = statisticsOf(mergeSummaries(this.hourlyTemp));
    this.meanMessageCount = day.count / this.hourlyTemp.length;
    this.meanTemp = day.mean;
    this.meanRPM = statisticsOf(mergeSummaries(this.hourlyRPM)).mean;
  }

  /** Takes note of what a message measured: `beyond` is that if it is beyond the limit, else null. */
  #watch(batch: Batch, watch: Watch, at: number, beyond: string | null): void {
    if (beyond === null) {
      if (this[watch.tracking]) this.#backInRange(batch, watch, at);
      return;
    }
    this[watch.count]++;
    if (!this[watch.tracking]) {
      this[watch.tracking] = true;
      this[watch.startTime] = at;
      this.#addIncident(watch, "Started", at);
    }
    const durationMs = at - (this[watch.startTime] ?? at);
    const { now } = batch.context;
    const inPreMaintenancePeriod = isPreMaintenance(this.turbineModel, this.nextMaintDate, now);
    const { allowedMs, allowedPreMaintenanceMs } = batch.limits;
    if (durationMs <= (inPreMaintenancePeriod ? allowedPreMaintenanceMs : allowedMs)) return;
    const alertTime = this[watch.alertTime];
    if (alertTime !== null && at - alertTime < REPEAT_AFTER_MS) return;

    this[watch.alertTime] = at;
    this.#addIncident(watch, "AlertSent", at);
    const { type, key, title } = watch;
    const messageCount = this[watch.count];
    const command = { type, duration: durationMs, inPreMaintenancePeriod, messageCount, at };
    batch.context.sendToDataSource(command);
    const minutes = (durationMs / 60_000).toFixed(1);
    const where = this.farmId === "" ? "" : ` at ${this.farmId}`;
    const detail = `${beyond} after ${minutes} minutes${where}`;
    batch.alerts.set(watch, { key, title, severity: "error", detail });
  }

  #backInRange({ context, alerts }: Batch, watch: Watch, at: number): void {
    if (this[watch.alertTime] !== null) {
      const alert = alerts.get(watch);
      if (alert !== undefined) context.alert(alert);
      alerts.delete(watch);
      context.resolveAlert(watch.key);
    }
    this[watch.tracking] = false;
    this[watch.startTime] = null;
    this[watch.alertTime] = null;
    this[watch.count] = 0;
    this.#addIncident(watch, "Resolved", at);
  }

  #addIncident({ type }: Watch, incident: Incident["incident"], timestamp: number): void {
    this.incidentList.push({ timestamp, type, incident });
    if (this.incidentList.length > INCIDENTS_MAX) this.incidentList.shift();
  }
}

/** What every kind of turbine has in common as a model. */
export const TURBINE = {
  // What seldom changes: a farm that heard of every message would cost as much as its turbines.
  parent: {
    model: "WindFarm",
    id: "farmId",
    report: ["condition", "trackingHighTemperature", "trackingLowRPM"],
  },
  query: {
    latitude: "number",
    longitude: "number",
    nextMaintDate: "time",
    temp: "number",
    rpm: "number",
    lastMessageTime: "time",
    highTempStartTime: "time",
    highTempAlertTime: "time",
    lowRPMStartTime: "time",
    lowRPMAlertTime: "time",
    meanMessageCount: "number",
    meanTemp: "number",
    meanRPM: "number",
  },
} as const;

export default model(WindTurbine, { ...TURBINE, name: "WindTurbine", message: DeviceTelemetry });
