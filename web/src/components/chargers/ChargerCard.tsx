import { useSignal } from "@preact/signals";
import { adopt, select, sessions, type Outcome } from "../../chargers";
import * as f from "../../format";
import { t } from "../../i18n";
import type { Charger, Connector } from "../../ocppTypes";
import { home, zone } from "../../store";
import { Gauge } from "../Gauge";
import { Icon } from "../Icons";
import { ask } from "./asking";
import { HOME_TAG } from "./tag";

const STARTABLE = new Set(["Available", "Preparing", "Finishing", "Reserved", "Unknown"]);
const TONES: Record<string, string> = {
  Charging: "is-on",
  SuspendedEV: "is-paused",
  SuspendedEVSE: "is-paused",
  Preparing: "is-paused",
  Finishing: "is-paused",
  Faulted: "is-fault",
};

const now = (): string => home.value?.at ?? new Date().toISOString();

export const when = (at: string | null): string => (at === null ? t.unknown : f.timeNear(at, now(), zone.value));

/** What became of the last request from a card, where it was not simply done. */
export function trouble(outcome: Outcome | null): string {
  if (outcome === null) return "";
  if (!outcome.ok) return outcome.problem;
  const status = outcome.answer.status;
  return typeof status === "string" && status !== "Accepted" ? `${t.chargers.operations.answer}: ${status}` : "";
}

function SessionButton({ charger, connector }: { charger: Charger; connector: Connector }) {
  const busy = useSignal(false);
  const said = useSignal("");
  const transaction = connector.transaction_id;
  if (transaction === null && !STARTABLE.has(connector.status)) return null;
  const run = async (): Promise<void> => {
    busy.value = true;
    const outcome =
      transaction === null
        ? await ask(charger.identity, "RemoteStartTransaction", { connectorId: connector.id, idTag: HOME_TAG })
        : await ask(charger.identity, "RemoteStopTransaction", { transactionId: transaction });
    said.value = trouble(outcome);
    busy.value = false;
  };
  return (
    <div class="session-button">
      <button type="button" class="button" disabled={busy.value} onClick={() => void run()}>
        {transaction === null ? t.chargers.start : t.chargers.stop}
      </button>
      <p class="small wrong" role="status">
        {said.value}
      </p>
    </div>
  );
}

function ConnectorRow({ charger, connector }: { charger: Charger; connector: Connector }) {
  const texts = t.chargers;
  const session = sessions.value.find((one) => one.id === connector.transaction_id && one.identity === charger.identity);
  const status = texts.status[connector.status] ?? connector.status;
  const fault = connector.error_code !== "NoError" ? connector.error_code : null;
  return (
    <li class={`connector ${TONES[connector.status] ?? ""}`} data-connector={connector.id}>
      <div class="pair">
        <h4>{connector.id === 0 ? texts.whole : texts.connector(connector.id)}</h4>
        <span class="state">{charger.connected ? status : texts.lastKnown(status)}</span>
      </div>
      {(fault !== null || connector.info) && (
        <p class="badge">{[fault, connector.info].filter(Boolean).join(": ")}</p>
      )}
      {connector.id > 0 && (
        <>
          <div class="reading">
            <strong>{f.power(connector.power_w)}</strong>
            <span class="small muted">
              {connector.energy_wh !== null && texts.meter(f.energy(connector.energy_wh / 1000))}
            </span>
          </div>
          {connector.soc !== null && (
            <div class="car-soc">
              <Gauge share={connector.soc} label={texts.stateOfCharge} text={f.percent(connector.soc)} />
              <span class="small">{f.percent(connector.soc)}</span>
            </div>
          )}
          <div class="session-line">
            <p class="small muted">
              {session === undefined
                ? texts.noSession
                : texts.running(when(session.started_at), f.energy(session.energy_kwh))}
            </p>
            {charger.adopted && charger.connected && <SessionButton charger={charger} connector={connector} />}
          </div>
        </>
      )}
    </li>
  );
}

function Held({ charger }: { charger: Charger }) {
  const busy = useSignal(false);
  const said = useSignal("");
  const run = async (): Promise<void> => {
    busy.value = true;
    said.value = trouble(await adopt(charger.identity));
    busy.value = false;
  };
  return (
    <div class="held">
      <p class="small">{t.chargers.heldWhy(charger.identity)}</p>
      <button type="button" class="primary" disabled={busy.value} onClick={() => void run()}>
        {t.chargers.adopt}
      </button>
      <p class="small wrong" role="status">
        {said.value}
      </p>
    </div>
  );
}

function Facts({ charger }: { charger: Charger }) {
  const texts = t.chargers;
  const facts: [string, string][] = [
    [texts.firmware, charger.firmware || t.unknown],
    ...(charger.serial === "" ? [] : ([[texts.serial, charger.serial]] as [string, string][])),
    [texts.booted, when(charger.booted_at)],
    [texts.seen, when(charger.last_seen)],
  ];
  return (
    <dl class="facts charger-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One charger; ``chosen`` is null where it is the only one. */
export function ChargerCard({ charger, chosen }: { charger: Charger; chosen: boolean | null }) {
  const texts = t.chargers;
  const [text, tone] = !charger.adopted
    ? [texts.held, "is-held"]
    : charger.connected
      ? [texts.connected, "is-on"]
      : [texts.notConnected, "is-gone"];
  const about = [charger.vendor, charger.model].filter(Boolean).join(" ");
  // The charger as a whole says something of its own only where something is wrong, or it has nothing else.
  const shown = charger.connectors.filter(
    (one) => one.id > 0 || charger.connectors.length === 1 || !["Available", "Unknown"].includes(one.status),
  );
  return (
    <article
      class={`card charger kind-charge_point ${chosen ? "is-chosen" : ""}`}
      data-charger={charger.identity}
    >
      <header class={`headline ${tone}`}>
        <span class="chip large">
          <Icon name="wallbox" size={26} />
        </span>
        <div class="grow">
          <h3>{charger.identity}</h3>
          {about !== "" && <p class="small muted">{about}</p>}
        </div>
        <span class="state">{text}</span>
      </header>
      {!charger.adopted && <Held charger={charger} />}
      <ul class="connectors">
        {shown.map((connector) => (
          <ConnectorRow key={connector.id} charger={charger} connector={connector} />
        ))}
      </ul>
      <Facts charger={charger} />
      {chosen !== null && (
        <button
          type="button"
          class="button"
          aria-pressed={chosen}
          aria-label={`${texts.select}: ${charger.identity}`}
          onClick={() => {
            select(charger.identity);
            document.querySelector(".operations")?.scrollIntoView({ block: "nearest" });
          }}
        >
          {texts.select}
        </button>
      )}
    </article>
  );
}
