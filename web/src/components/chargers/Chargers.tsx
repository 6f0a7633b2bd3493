import { chargers, selected } from "../../chargers";
import { t } from "../../i18n";
import { Confirm } from "../Confirm";
import { ChargerCard } from "./ChargerCard";
import { Events } from "./Events";
import { Operations } from "./Operations";
import { Sessions } from "./Sessions";

/** The chargers at this home's central system, what they did, and what can be asked of them. */
export function Chargers() {
  const all = chargers.value;
  if (all === null) {
    return (
      <p class="muted" aria-live="polite">
        {t.chargers.loading}
      </p>
    );
  }
  const chosen = selected.value;
  return (
    <div class="chargers">
      <div class={all.length === 1 ? "chargers-top is-single" : "chargers-top"}>
        <section aria-labelledby="chargers-title">
          <h2 id="chargers-title" class="section-title">
            {t.chargers.title}
          </h2>
          {all.length === 0 ? (
            <div class="card">
              <p>{t.chargers.none}</p>
              <p class="small muted">{t.chargers.noneHow}</p>
            </div>
          ) : (
            <div class="charger-list">
              {all.map((charger) => (
                <ChargerCard
                  key={charger.identity}
                  charger={charger}
                  chosen={all.length > 1 ? charger.identity === chosen?.identity : null}
                />
              ))}
            </div>
          )}
        </section>
        <Sessions />
      </div>
      {chosen !== null && (
        <div class="charger-detail">
          <Operations key={chosen.identity} charger={chosen} />
          <Events charger={chosen} />
        </div>
      )}
      <Confirm />
    </div>
  );
}
