/**
 * A node of the power grid: it keeps the history of its incidents, derives from it how alarming the newest
 * report is, and tells the node to isolate itself when that looks like an attack.
 */
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import { alertLevelOf, ISOLATION_LEVEL } from "./alert-level.ts";
import { StatusMessage } from "./status-message.ts";
import type { Condition, Incident, Init } from "./status-message.ts";

/** Incidents that are listed, the newest. */
const INCIDENTS_MAX = 15;

/** The key of the alert. */
const UNDER_ATTACK = "under-attack";

export class StatusTracker extends DigitalTwin<StatusMessage> {
  node_type = "";
  node_condition = "";
  region = "";
  longitude = 0;
  latitude = 0;

  alert_level = 0;
  experiencingIncident = false;
  minorIncidentCount = 0;
  moderateIncidentCount = 0;
  severeIncidentCount = 0;
  falseIncidentCount = 0;
  totalIncidents = 0;
  totalResolvedIncidents = 0;
  incidentList: { timestamp: number; incidentType: Incident }[] = [];

  override processMessages(context: ProcessingContext, messages: StatusMessage[]): void {
    for (const message of messages) {
      if (message.type === "init") this.#start(message);
      else this.#report(context, message.node_condition);
    }
  }

  #start(init: Init): void {
    this.node_condition = init.node_condition ?? "normal";
    this.node_type = init.node_type ?? this.node_type;
    this.region = init.region ?? this.region;
    this.longitude = init.longitude ?? this.longitude;
    this.latitude = init.latitude ?? this.latitude;
  }

  #report(context: ProcessingContext, condition: Condition): void {
    // The level depends on what was known before this report, so it comes first.
    this.#raiseOrLower(context, condition);
    if (condition === "offline" || condition === "normal") this.#endIncident();
    else this.#recordIncident(condition, context.now);
    this.node_condition = condition;
  }

  #raiseOrLower(context: ProcessingContext, condition: Condition): void {
    const type = this.node_type;
    if (type !== "infrastructure" && type !== "controller") return;
    const before = this.alert_level;
    this.alert_level = alertLevelOf(condition, this)[type];
    const wasUnderAttack = before >= ISOLATION_LEVEL[type];
    const isUnderAttack = this.alert_level >= ISOLATION_LEVEL[type];
    if (wasUnderAttack && !isUnderAttack) context.resolveAlert(UNDER_ATTACK);
    if (wasUnderAttack || !isUnderAttack) return;

    const detail = `${type} in region ${this.region}`;
    context.alert({ key: UNDER_ATTACK, title: "Node under attack", detail });
    context.sendToDataSource({ command: "isolate", alert_level: this.alert_level });
  }

  /** An incident that went no further than moderate was a false alarm. */
  #endIncident(): void {
    const { node_condition: current } = this;
    if (current !== "minor" && current !== "moderate" && current !== "severe") return;
    if (current !== "severe") this.falseIncidentCount++;
    this.totalResolvedIncidents++;
    this.experiencingIncident = false;
  }

  #recordIncident(incidentType: Incident, timestamp: number): void {
    switch (incidentType) {
      case "minor":
        this.minorIncidentCount++;
        break;
      case "moderate":
        this.moderateIncidentCount++;
        break;
      case "severe":
        this.severeIncidentCount++;
        break;
    }
    this.totalIncidents++;
    this.experiencingIncident = true;
    this.incidentList.push({ timestamp, incidentType });
    if (this.incidentList.length > INCIDENTS_MAX) this.incidentList.shift();
  }
}

export default model(StatusTracker, { name: "StatusTracker", message: StatusMessage });
