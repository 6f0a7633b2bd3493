/** Asking a charger: first the person, where charging would be interrupted. */
import { confirmed } from "../../asking";
import { operate, type Outcome } from "../../chargers";
import { t } from "../../i18n";
import type { Payload } from "../../ocppTypes";

const INTERRUPTING = new Set([
  "RemoteStopTransaction",
  "Reset",
  "UnlockConnector",
  "UpdateFirmware",
  "SignedUpdateFirmware",
  "SetChargingProfile",
  "ClearChargingProfile",
]);

const interrupts = (action: string, payload: Payload): boolean =>
  INTERRUPTING.has(action) || (action === "ChangeAvailability" && payload.type !== "Operative");

function allowed(identity: string, action: string): Promise<boolean> {
  const texts = t.chargers.confirm;
  return confirmed({ title: texts.title(action, identity), text: texts.texts[action] ?? "", yes: texts.yes });
}

/** Send an operation; null where the person thought better of it. */
export async function ask(identity: string, action: string, payload: Payload): Promise<Outcome | null> {
  if (interrupts(action, payload) && !(await allowed(identity, action))) return null;
  return operate(identity, action, payload);
}
