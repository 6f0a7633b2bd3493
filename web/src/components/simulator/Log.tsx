import { t } from "../../i18n";
import { filter, find, messages, way } from "../../simulator";
import type { SimulatedCharger, Way } from "../../simulatorTypes";

const TO_THE_SECOND = new Intl.DateTimeFormat(t.locale, { timeStyle: "medium" });
const WAYS: Way[] = ["out", "in", "event"];

/** What the chosen charger and its central system said to each other. */
export function Log({ charger }: { charger: SimulatedCharger }) {
  const texts = t.simulator.log;
  return (
    <section class="card simulator-card" aria-labelledby="log-title" data-log={charger.id}>
      <div class="pair">
        <h2 id="log-title">{texts.title(charger.id)}</h2>
      </div>
      <div class="simulator-filter">
        <div class="field">
          <input
            type="search"
            aria-label={texts.filter}
            placeholder={texts.filter}
            value={filter.value}
            onInput={(event) => find(event.currentTarget.value, way.value)}
          />
        </div>
        <div class="field">
          <select
            aria-label={texts.way}
            value={way.value}
            onChange={(event) => find(filter.value, event.currentTarget.value as Way | "")}
          >
            <option value="">{texts.ways.all}</option>
            {WAYS.map((one) => (
              <option key={one} value={one}>
                {texts.ways[one]}
              </option>
            ))}
          </select>
        </div>
      </div>
      {messages.value.length === 0 && <p class="small muted">{texts.empty}</p>}
      <ol class="simulator-log" tabIndex={0} aria-label={texts.title(charger.id)}>
        {messages.value.map((one) => (
          <li key={one.number} class={`is-${one.way}`}>
            <span class="small muted">
              <time dateTime={one.at}>{TO_THE_SECOND.format(Date.parse(one.at))}</time> {texts.ways[one.way]}
            </span>
            <code>{one.text}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
