/** Attacks nodes of the power grid in a simulation: each that a message names reports a severe incident at its next step. */
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import * as v from "valibot";

const Attack = v.object({ ids: v.array(v.string()) });

type Attack = v.InferOutput<typeof Attack>;

export class Attacker extends DigitalTwin<Attack> {
  /** Nodes told so far. */
  attacks = 0;

  override processMessages(context: ProcessingContext, messages: Attack[]): void {
    for (const id of messages.flatMap(({ ids }) => ids)) {
      context.sendToTwin("GridNode", id, { attack: true });
      this.attacks++;
    }
  }
}

export default model(Attacker, { name: "Attacker", message: Attack });
