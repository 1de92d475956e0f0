/** Messages and new twins on their way in, and what became of them. */
import * as z from "zod";
import { MESSAGE_ID_LENGTH_MAX } from "../../../core/limits.ts";
import { AnyJson, Code, Count } from "./basics.ts";

/** An element of a batch for many twins. */
export const BatchElement = z
  .object({
    id: z.string(),
    message: AnyJson,
    messageId: z
      .string()
      .min(1)
      .max(MESSAGE_ID_LENGTH_MAX)
      .optional()
      .meta({ description: "A repeat of it is recognised." }),
    seq: z
      .int()
      .optional()
      .meta({ description: "Grows for each twin; one not above its last is a repeat for ever." }),
  })
  .meta({ id: "BatchElement" });

/** One element, or a line of NDJSON, as bulk creation takes it. */
export const NewTwin = z
  .looseObject({ id: z.string(), state: z.record(z.string(), AnyJson).optional() })
  .meta({
    id: "NewTwin",
    description:
      'The first state as `state`, or its fields beside `id`: `{"id":"m-1","site":"A"}`.',
  });

export const Rejection = z
  .object({
    index: Count,
    id: z.string().optional(),
    code: Code,
    detail: z.string(),
    retry: z.literal(true).optional().meta({ description: "Sending it again may succeed." }),
  })
  .meta({ id: "Rejection", description: "A message that was not taken, by its place, and why." });

const outcome = {
  accepted: Count.meta({ description: "Processed and durable." }),
  duplicates: Count.meta({ description: "Repeats: they had been processed before." }),
  rejected: z.array(Rejection),
};

export const BatchAnswer = z.object(outcome).meta({ id: "BatchAnswer" });

export const MessageAnswer = z
  .object({
    ...outcome,
    commands: z
      .array(AnyJson)
      .meta({ description: "What the twin sent its device while processing, in order." }),
    commandIds: z
      .array(z.string())
      .optional()
      .meta({ description: "Their ids, as many, when they wait for their acknowledgement." }),
  })
  .meta({ id: "MessageAnswer" });

/** Frames of a connection that carries messages, to the device or gateway. */
export const AckFrame = z.object({ type: z.literal("ack"), ...outcome }).meta({ id: "AckFrame" });

export const ErrorFrame = z
  .object({ type: z.literal("error"), code: Code, detail: z.string() })
  .meta({ id: "ErrorFrame", description: "A frame that could not be taken at all." });
