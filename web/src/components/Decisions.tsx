import { useSignal } from "@preact/signals";
import * as f from "../format";
import { t } from "../i18n";
import { decisionFilter, decisions, home, loadDecisions, zone } from "../store";
import { Icon } from "./Icons";

const PAGE = 10;
const CONTROLLED = new Set(["battery", "charge_point", "tank", "heat_pump", "room", "flexible_load", "pv"]);

export function Decisions() {
  const shown = useSignal(PAGE);
  const state = home.value;
  if (!state) return null;
  const assets = Object.entries(state.assets).filter(([, asset]) => CONTROLLED.has(asset.kind));
  const list = decisions.value;
  const choose = (value: string): void => {
    decisionFilter.value = value === "" ? null : value;
    shown.value = PAGE;
    loadDecisions().catch(() => undefined); // The list stays; a lost connection is shown elsewhere.
  };
  return (
    <section class="card decisions" aria-labelledby="decisions-title">
      <header>
        <div class="grow">
          <h2 id="decisions-title">{t.decisions.title}</h2>
          <p class="small muted">{t.decisions.subtitle}</p>
        </div>
        <div class="small">
          <label class="muted" for="decision-filter">
            {t.decisions.filter}
          </label>
          <select
            id="decision-filter"
            value={decisionFilter.value ?? ""}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            <option value="">{t.decisions.all}</option>
            {assets.map(([id, asset]) => (
              <option key={id} value={id}>
                {asset.name}
              </option>
            ))}
          </select>
        </div>
      </header>
      {list.length === 0 ? (
        <p class="muted">{t.decisions.empty}</p>
      ) : (
        <ol>
          {list.slice(0, shown.value).map((decision) => {
            const kind = state.assets[decision.asset]?.kind ?? "load";
            return (
              <li key={decision.at + decision.asset + decision.code} class={`kind-${kind}`}>
                <time dateTime={decision.at} class="small muted">
                  {f.timeNear(decision.at, state.at, zone.value)}
                </time>
                <span class="chip small-chip">
                  <Icon name={kind} size={16} />
                </span>
                <span class="what">{decision.asset_name}</span>
                <span class="how">
                  {decision.previous_w !== null && (
                    <span class="muted">{f.power(decision.previous_w)} → </span>
                  )}
                  {f.power(decision.setpoint_w)}
                </span>
                <span class="sentence">
                  {decision.sentence}
                  {decision.limit !== null && <span class="badge">{t.decisions.limit(decision.limit)}</span>}
                </span>
              </li>
            );
          })}
        </ol>
      )}
      {list.length > shown.value && (
        <button type="button" class="more" onClick={() => (shown.value += 3 * PAGE)}>
          {t.decisions.more}
        </button>
      )}
    </section>
  );
}
