import { en, type Messages } from "./messages/en";

const languages: Record<string, Messages> = { en };

function choose(): Messages {
  for (const tag of navigator.languages) {
    const found = languages[tag.split("-")[0] ?? ""];
    if (found) return found;
  }
  return en;
}

export const t: Messages = choose();
