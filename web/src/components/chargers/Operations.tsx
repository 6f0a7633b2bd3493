import { useSignal } from "@preact/signals";
import { question } from "../../asking";
import { operations, type Outcome } from "../../chargers";
import { t } from "../../i18n";
import type { Charger, Payload, Schema } from "../../ocppTypes";
import { fromFields, isField, problems, template } from "../../payload";
import { Answer } from "./Answer";
import { ask } from "./asking";
import { Field } from "./Field";
import { HOME_TAG } from "./tag";

const COMMON = [
  "RemoteStartTransaction",
  "RemoteStopTransaction",
  "Reset",
  "UnlockConnector",
  "ChangeAvailability",
  "GetConfiguration",
  "ChangeConfiguration",
  "TriggerMessage",
];
const FIRST = "GetConfiguration";

/** What stands in the fields of an operation at first. */
function initial(action: string, charger: Charger): Record<string, string> {
  const connectors = charger.connectors.filter((one) => one.id > 0);
  const running = connectors.find((one) => one.transaction_id !== null);
  const first = String(connectors[0]?.id ?? 1);
  switch (action) {
    case "RemoteStartTransaction":
      return { idTag: HOME_TAG, connectorId: first };
    case "RemoteStopTransaction":
      return { transactionId: running === undefined ? "" : String(running.transaction_id) };
    case "Reset":
      return { type: "Soft" };
    case "ChangeAvailability":
      return { connectorId: first, type: "Operative" };
    case "TriggerMessage":
    case "ExtendedTriggerMessage":
      return { requestedMessage: "StatusNotification" };
    case "UnlockConnector":
    case "ReserveNow":
      return { connectorId: first };
    default:
      return {};
  }
}

/** Whether the fields of a form can say all that is needed; else it starts as JSON. */
const fitsFields = (schema: Schema): boolean =>
  (schema.required ?? []).every((name) => {
    const part = schema.properties?.[name];
    return part === undefined || isField(part);
  });

interface Said {
  action: string;
  at: Date;
  outcome: Outcome;
}

function Choice({ value, onChoose }: { value: string; onChoose: (action: string) => void }) {
  const texts = t.chargers.operations;
  const all = Object.keys(operations.value);
  const others = all.filter((action) => !COMMON.includes(action));
  const group = (label: string, names: string[]) => (
    <optgroup label={label}>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </optgroup>
  );
  return (
    <label class="field">
      <span class="small muted">{texts.action}</span>
      <select aria-label={texts.action} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {group(texts.common, COMMON.filter((action) => all.includes(action)))}
        {group(texts.others, others)}
      </select>
    </label>
  );
}

/** Any operation of the standard: fields made from its schema, or JSON; judged before it is sent. */
export function Operations({ charger }: { charger: Charger }) {
  const action = useSignal(FIRST);
  const fields = useSignal<Record<string, string>>({});
  const json = useSignal<string | null>(null);
  const wrong = useSignal<string[]>([]);
  const busy = useSignal(false);
  const said = useSignal<Said | null>(null);
  const texts = t.chargers.operations;
  const schema = operations.value[action.value];
  if (schema === undefined) return <section class="card operations" />;

  const choose = (name: string, filled: Record<string, string> = {}): void => {
    const chosen = operations.value[name] ?? {};
    action.value = name;
    fields.value = { ...initial(name, charger), ...filled };
    json.value = fitsFields(chosen) ? null : JSON.stringify(template(chosen), null, 2);
    wrong.value = [];
  };
  const written = (): Payload | string => {
    if (json.value === null) return fromFields(fields.value, schema);
    try {
      return JSON.parse(json.value.trim() === "" ? "{}" : json.value) as Payload;
    } catch (error) {
      return texts.notJson(error instanceof Error ? error.message : String(error));
    }
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const payload = written();
    wrong.value = typeof payload === "string" ? [payload] : problems(payload, schema);
    if (wrong.value.length > 0 || typeof payload === "string") return;
    const name = action.value;
    busy.value = true;
    const outcome = await ask(charger.identity, name, payload);
    busy.value = false;
    if (outcome !== null) said.value = { action: name, at: new Date(), outcome };
  };
  const parts = Object.entries(schema.properties ?? {}).filter(([, part]) => isField(part));
  const toggle = (asJson: boolean): void => {
    wrong.value = [];
    const payload = fromFields(fields.value, schema);
    json.value = asJson ? JSON.stringify({ ...template(schema), ...payload }, null, 2) : null;
  };
  return (
    <section class="card operations" aria-labelledby="operations-title">
      <h2 id="operations-title">{texts.title}</h2>
      <p class="small muted">{texts.subtitle(charger.identity)}</p>
      <form onSubmit={(event) => void send(event)} aria-busy={busy.value} noValidate>
        <div class="operation-top">
          <Choice value={action.value} onChoose={choose} />
          {fitsFields(schema) && Object.keys(schema.properties ?? {}).length > 0 && (
            <div class="segments" role="group" aria-label={texts.input}>
              <button type="button" aria-pressed={json.value === null} onClick={() => toggle(false)}>
                {texts.asFields}
              </button>
              <button type="button" aria-pressed={json.value !== null} onClick={() => toggle(true)}>
                {texts.asJson}
              </button>
            </div>
          )}
        </div>
        {texts.explain[action.value] !== undefined && <p class="small muted">{texts.explain[action.value]}</p>}
        {json.value === null ? (
          parts.length > 0 && (
            <div class="fields">
              {parts.map(([name, part]) => (
                <Field
                  key={`${action.value} ${name}`}
                  name={name}
                  schema={part}
                  needed={schema.required?.includes(name) ?? false}
                  charger={charger}
                  value={fields.value[name] ?? ""}
                  onInput={(text) => (fields.value = { ...fields.value, [name]: text })}
                />
              ))}
            </div>
          )
        ) : (
          <label class="field">
            <span class="small muted">{texts.payload}</span>
            <textarea
              aria-label={texts.payload}
              rows={Math.min(24, Math.max(5, json.value.split("\n").length + 1))}
              spellcheck={false}
              value={json.value}
              onInput={(event) => (json.value = event.currentTarget.value)}
            />
          </label>
        )}
        <ul class="problems" role="alert">
          {wrong.value.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
        <div class="operation-send">
          <button type="submit" class="primary" disabled={busy.value || !charger.connected}>
            {texts.send}
          </button>
          <p class="small muted" role="status">
            {busy.value && question.value === null ? texts.sending : charger.connected ? "" : texts.gone}
          </p>
        </div>
      </form>
      {said.value !== null && (
        <Answer
          identity={charger.identity}
          action={said.value.action}
          at={said.value.at}
          outcome={said.value.outcome}
          onChange={(key, value) => choose("ChangeConfiguration", { key, value })}
        />
      )}
    </section>
  );
}
