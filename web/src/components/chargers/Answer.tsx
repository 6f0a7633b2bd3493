import { useSignal } from "@preact/signals";
import type { Outcome } from "../../chargers";
import * as f from "../../format";
import { t } from "../../i18n";
import type { ConfigurationKey, Payload } from "../../ocppTypes";

const GOOD = new Set(["Accepted", "Unlocked", "Scheduled", "Downloaded", "RebootRequired"]);
const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

type Change = (key: string, value: string) => void;

/** Settings of a charger, to be searched and changed. */
function Settings({ answer, onChange }: { answer: Payload; onChange: Change }) {
  const filter = useSignal("");
  const texts = t.chargers.operations;
  const keys = (answer.configurationKey ?? []) as unknown as ConfigurationKey[];
  const unknown = (answer.unknownKey ?? []) as string[];
  const wanted = filter.value.trim().toLowerCase();
  const shown = keys.filter((one) => one.key.toLowerCase().includes(wanted));
  return (
    <>
      {unknown.length > 0 && <p class="small wrong">{texts.unknownKeys(unknown.join(", "))}</p>}
      {keys.length > 0 && (
        <>
          <div class="settings-top">
            <p class="small muted grow">{texts.settings(keys.length)}</p>
            <input
              type="search"
              aria-label={texts.filter}
              placeholder={texts.filter}
              value={filter.value}
              onInput={(event) => (filter.value = event.currentTarget.value)}
            />
          </div>
          <ul class="settings" tabIndex={0} aria-label={texts.settings(keys.length)}>
            {shown.map((one) => (
              <li key={one.key}>
                <span class="setting-key">{one.key}</span>
                <span class="setting-value">{one.value ?? texts.hidden}</span>
                {one.readonly ? (
                  <span class="small muted">{texts.readonly}</span>
                ) : (
                  <button
                    type="button"
                    class="link small"
                    aria-label={`${texts.change}: ${one.key}`}
                    onClick={() => onChange(one.key, one.value ?? "")}
                  >
                    {texts.change}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Content({ action, answer, onChange }: { action: string; answer: Payload; onChange: Change }) {
  if (action === "GetConfiguration") return <Settings answer={answer} onChange={onChange} />;
  const { status: _, ...rest } = answer;
  const more = typeof answer.status === "string" ? rest : answer;
  if (Object.keys(more).length > 0) return <pre tabIndex={0}>{JSON.stringify(more, null, 2)}</pre>;
  return typeof answer.status === "string" ? null : <p class="small">{t.chargers.operations.noContent}</p>;
}

interface Props {
  identity: string;
  action: string;
  at: Date;
  outcome: Outcome;
  onChange: Change;
}

/** What a charger answered, or why it did not. */
export function Answer({ identity, action, at, outcome, onChange }: Props) {
  const texts = t.chargers.operations;
  const status = outcome.ok && typeof outcome.answer.status === "string" ? outcome.answer.status : null;
  const tone = !outcome.ok ? "is-bad" : status !== null && !GOOD.has(status) ? "is-warn" : "is-good";
  return (
    <section class={`answer ${tone}`} aria-live="polite" aria-label={texts.answer}>
      <p class="answer-top">
        <span class="state">{outcome.ok ? (status ?? texts.answer) : texts.failed}</span>
        <span class="small muted grow">{texts.answered(action, identity)}</span>
        <time class="small muted" dateTime={at.toISOString()}>
          {f.clockTime(at.getTime(), BROWSER_ZONE)}
        </time>
      </p>
      {outcome.ok ? (
        <Content action={action} answer={outcome.answer} onChange={onChange} />
      ) : (
        <p class="small wrong">{outcome.problem}</p>
      )}
    </section>
  );
}
