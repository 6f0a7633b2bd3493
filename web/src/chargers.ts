/** State of the page "Chargers": asked for every few seconds while it is open and seen. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { Charger, ChargerEvent, ChargingSession, CurvePoint, Payload, Schema, Tag } from "./ocppTypes";
import { t } from "./i18n";
import { view } from "./route";
import { connection, get, Locked, onFailure } from "./store";

const POLL_MS = 2_500;
const SESSIONS = 50;
const EVENTS = 100;

/** null until asked for. */
export const chargers = signal<Charger[] | null>(null);
export const sessions = signal<ChargingSession[]>([]);
export const events = signal<ChargerEvent[]>([]);
export const operations = signal<Record<string, Schema>>({});
export const tags = signal<Tag[]>([]);

const wanted = signal<string | null>(null);
/** The charger that operations go to and whose events are shown. */
export const selected = computed<Charger | null>(() => {
  const all = chargers.value ?? [];
  return all.find((charger) => charger.identity === wanted.value) ?? all[0] ?? null;
});

export function select(identity: string): void {
  if (identity === selected.value?.identity) return;
  batch(() => {
    wanted.value = identity;
    events.value = [];
  });
  loadEvents().catch(onFailure);
}

const path = (identity: string): string => `/api/ocpp/chargers/${encodeURIComponent(identity)}`;

async function loadEvents(): Promise<void> {
  const identity = selected.value?.identity;
  if (identity === undefined) return;
  const found = await get<ChargerEvent[]>(`${path(identity)}/events?limit=${EVENTS}`);
  if (identity === selected.value?.identity) events.value = found ?? [];
}

export async function refresh(): Promise<void> {
  const [all, latest] = await Promise.all([
    get<Charger[]>("/api/ocpp/chargers"),
    get<ChargingSession[]>(`/api/ocpp/sessions?limit=${SESSIONS}`),
  ]);
  batch(() => {
    chargers.value = all ?? [];
    // Kept from here on: another charger that comes must not slip under the hand of who asks this one.
    wanted.value ??= all?.[0]?.identity ?? null;
    sessions.value = latest ?? [];
  });
  await loadEvents();
}

async function loadForms(): Promise<void> {
  const [schemas, listed] = await Promise.all([
    get<Record<string, Schema>>("/api/ocpp/operations"),
    get<Tag[]>("/api/ocpp/tags"),
  ]);
  batch(() => {
    operations.value = schemas ?? {};
    tags.value = listed ?? [];
  });
}

/** What was measured in a session, in at most so many points; null where it is not known. */
export const loadCurve = (session: number, points: number): Promise<CurvePoint[] | null> =>
  get<CurvePoint[]>(`/api/ocpp/sessions/${session}/curve?points=${points}`);

let timer: number | undefined;
let round = 0;

async function poll(mine: number): Promise<void> {
  try {
    if (Object.keys(operations.value).length === 0) await loadForms();
    await refresh();
  } catch (error) {
    onFailure(error);
  }
  // Not before the last answer is here: a slow home is not asked ever more.
  if (mine === round) timer = window.setTimeout(() => void poll(mine), POLL_MS);
}

const seen = signal(!document.hidden);
document.addEventListener("visibilitychange", () => (seen.value = !document.hidden));

effect(() => {
  const open = view.value === "chargers" && seen.value && connection.value === "live";
  round += 1;
  clearTimeout(timer);
  if (open) void poll(round);
});

/** What became of a request: the charger's answer, or a sentence that says what went wrong. */
export type Outcome = { ok: true; answer: Payload } | { ok: false; problem: string };

async function post(to: string, body: Payload): Promise<Outcome> {
  try {
    const answer = await fetch(to, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.status === 401) throw new Locked();
    const found = (await answer.json()) as { answer?: Payload; detail?: string };
    if (!answer.ok) return { ok: false, problem: found.detail ?? `${answer.status}` };
    return { ok: true, answer: found.answer ?? {} };
  } catch (error) {
    onFailure(error);
    return { ok: false, problem: t.chargers.unreachable };
  } finally {
    refresh().catch(onFailure);
  }
}

export const operate = (identity: string, action: string, payload: Payload): Promise<Outcome> =>
  post(`${path(identity)}/${action}`, payload);

export const adopt = (identity: string): Promise<Outcome> => post(`${path(identity)}/adopt`, {});
