import { tags } from "../../chargers";
import { t } from "../../i18n";
import type { Charger, Schema } from "../../ocppTypes";
import { HOME_TAG } from "./tag";

interface Props {
  name: string;
  schema: Schema;
  needed: boolean;
  charger: Charger;
  value: string;
  onInput: (text: string) => void;
}

/** What can be chosen: the schema's values, or the connectors; null where it is written freely. */
function choices({ name, schema, needed, charger }: Props): [string, string][] | null {
  const texts = t.chargers.operations;
  const none: [string, string][] = needed ? [] : [["", texts.optional]];
  if (schema.type === "boolean") return [...none, ["true", "true"], ["false", "false"]];
  if (schema.enum !== undefined) return [...none, ...schema.enum.map((one): [string, string] => [one, one])];
  if (name !== "connectorId") return null;
  const numbers = [...new Set([0, 1, ...charger.connectors.map((one) => one.id)])].sort((a, b) => a - b);
  return [
    ...(needed ? [] : ([["", texts.anyConnector]] as [string, string][])),
    ...numbers.map((id): [string, string] => [String(id), id === 0 ? texts.whole : t.chargers.connector(id)]),
  ];
}

/** One part of a payload, as its schema wants it. */
export function Field(props: Props) {
  const { name, schema, needed, value, onInput } = props;
  const texts = t.chargers.operations;
  const found = choices(props);
  const list = name === "idTag" ? "charger-tags" : undefined;
  const hint = schema.type === "array" ? texts.list : needed ? "" : texts.optional;
  const type =
    schema.format === "date-time" ? "datetime-local" : schema.type === "integer" || schema.type === "number" ? "number" : "text";
  return (
    <label class={schema.type === "array" ? "field wide" : "field"}>
      <span class="small muted">{name}</span>
      {found !== null ? (
        <select aria-label={name} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
          {/* Nothing is chosen for a person where something has to be. */}
          {needed && !found.some(([one]) => one === value) && <option value="">{t.unknown}</option>}
          {found.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      ) : (
        <input
          type={type}
          step={type === "number" ? "any" : undefined}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder={hint}
          list={list}
          maxLength={schema.maxLength}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
      {list !== undefined && (
        <datalist id={list}>
          {[HOME_TAG, ...tags.value.filter((tag) => !tag.blocked).map((tag) => tag.id_tag)].map((tag) => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
      )}
    </label>
  );
}
