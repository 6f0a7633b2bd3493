/** Asking a charger: first the person, where charging would be interrupted. */
import { signal } from "@preact/signals";
import { operate, type Outcome } from "../../chargers";
import type { Payload } from "../../ocppTypes";

export interface Question {
  identity: string;
  action: string;
  answer: (yes: boolean) => void;
}

/** What a person is asked now. */
export const question = signal<Question | null>(null);

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

function confirmed(identity: string, action: string): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      identity,
      action,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}

/** Send an operation; null where the person thought better of it. */
export async function ask(identity: string, action: string, payload: Payload): Promise<Outcome | null> {
  if (interrupts(action, payload) && !(await confirmed(identity, action))) return null;
  return operate(identity, action, payload);
}
