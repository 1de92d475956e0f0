/** One message a WebSocket frame: from a gateway that speaks for many twins, and from the devices themselves. */
import { socketContender } from "../contenders.ts";
import { ratioFinding, rowsFinding } from "../findings.ts";
import type { SectionResult } from "../findings.ts";
import { frameTrain } from "../load/socket-connection.ts";
import { pumpElement, pumpId, pumpMessage } from "../messages.ts";
import { TWINS } from "../plan.ts";
import type { Plan } from "../plan.ts";
import { takeTurns } from "../rounds.ts";
import { seededRandom } from "../statistics.ts";
import { PUMP } from "../stand.ts";
import type { Stand } from "../stand.ts";

const GATEWAYS = 8;
const GATEWAY_WINDOW = 1_000;
const DEVICES = 64;
const DEVICE_WINDOW = 16;
/** Different frames. */
const FRAMES = 5_000;

export async function websocketSection(stand: Stand, plan: Plan): Promise<SectionResult> {
  const product = await stand.server("product");
  const random = seededRandom(6);
  const elements = Array.from({ length: FRAMES }, () =>
    pumpElement(Math.floor(random() * TWINS), random),
  );
  const messages = Array.from({ length: FRAMES }, () => pumpMessage(random));
  const gateways = (path: string) => ({
    paths: Array.from({ length: GATEWAYS }, () => path),
    train: frameTrain(elements),
    window: GATEWAY_WINDOW,
  });
  const devices = (pathOf: (device: number) => string) => ({
    paths: Array.from({ length: DEVICES }, (_, device) => pathOf(device)),
    train: frameTrain(messages),
    window: DEVICE_WINDOW,
  });
  const socketOf = (device: number): string => `/v1/models/${PUMP}/twins/${pumpId(device)}/socket`;
  const of = await takeTurns(
    {
      gateway: socketContender(
        "Livetwin, gateways",
        product,
        gateways(`/v1/models/${PUMP}/socket`),
        PUMP,
      ),
      worker: socketContender("Bare Worker socket", product, gateways("/bench/socket"), undefined),
      device: socketContender("Livetwin, devices", product, devices(socketOf), PUMP),
      object: socketContender(
        "Bare object socket",
        product,
        devices(() => "/bench/object-socket"),
        undefined,
      ),
    },
    { ...plan, budgetMs: plan.sectionMs.websocket },
  );
  return {
    section: "websocket",
    title: "WebSockets",
    load: `One message a frame: ${GATEWAYS} gateway sockets with ${GATEWAY_WINDOW} frames under way on each, ${DEVICES} device sockets with ${DEVICE_WINDOW}. The bare sockets acknowledge each frame and do nothing else.`,
    summaries: Object.values(of),
    findings: [
      ratioFinding("Gateway socket", of.gateway, of.worker, undefined),
      ratioFinding("Device socket", of.device, of.object, undefined),
      rowsFinding("Rows written a message, gateway sockets", of.gateway, undefined),
      rowsFinding("Rows written a message, device sockets", of.device, undefined),
    ],
  };
}
