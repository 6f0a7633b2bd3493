/** Payloads of operations: judged by their schema, and made from what stands in a form. Pure. */
import type { Json, Payload, Schema } from "./ocppTypes";
import { t } from "./i18n";

const TYPES: Record<string, (value: Json) => boolean> = {
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === "string",
  integer: Number.isInteger,
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
};

/** What is wrong with a value, each with where it is; nothing where it follows the schema. */
export function problems(value: Json, schema: Schema, at = ""): string[] {
  const texts = t.chargers.payload;
  const here = at === "" ? texts.itself : at;
  if (schema.type !== undefined && !TYPES[schema.type]?.(value)) return [texts.type(here, schema.type)];
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    return [texts.oneOf(here, schema.enum.join(", "))];
  }
  if (typeof value === "string" && schema.maxLength !== undefined && [...value].length > schema.maxLength) {
    return [texts.long(here, schema.maxLength)];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => problems(item, schema.items ?? {}, `${at}[${i}]`));
  }
  if (typeof value !== "object" || value === null) return [];
  const known = schema.properties ?? {};
  const inside = (name: string): string => (at === "" ? name : `${at}.${name}`);
  const missing = (schema.required ?? []).filter((name) => !(name in value)).map((name) => texts.missing(inside(name)));
  const wrong = Object.entries(value).flatMap(([name, item]) => {
    const part = Object.hasOwn(known, name) ? known[name] : undefined;
    if (part !== undefined) return problems(item, part, inside(name));
    return schema.additionalProperties === false ? [texts.unknown(inside(name))] : [];
  });
  return [...missing, ...wrong];
}

/** Whether a form has a field for this part; anything deeper is written as JSON. */
export const isField = (schema: Schema): boolean =>
  schema.type === "array" ? schema.items?.type === "string" : schema.type !== "object";

/** One field's text as the schema's type; ``undefined`` for an empty one, which is left out. */
function read(text: string, schema: Schema): Json | undefined {
  const trimmed = text.trim();
  switch (schema.type) {
    case "array": {
      const items = trimmed.split(/[\s,;]+/).filter(Boolean);
      return items.length === 0 ? undefined : items;
    }
    case "integer":
    case "number":
      // What is no number stays as it was written, and is refused by the schema.
      return trimmed === "" ? undefined : Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
    case "boolean":
      return trimmed === "" ? undefined : trimmed === "true";
    default:
      if (schema.format !== "date-time") return text === "" ? undefined : text;
      return trimmed === "" ? undefined : asUtc(trimmed);
  }
}

function asUtc(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
}

/** Settings of a charger may be empty texts. */
const MAY_BE_EMPTY = "value";

/** The payload that a form's fields make; an empty field is left out. */
export function fromFields(fields: Record<string, string>, schema: Schema): Payload {
  const found: Payload = {};
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    if (!isField(part)) continue;
    const value = read(fields[name] ?? "", part);
    if (value !== undefined) found[name] = value;
    else if (name === MAY_BE_EMPTY) found[name] = "";
  }
  return found;
}

/** A payload to start writing from: what is required, empty. */
export function template(schema: Schema): Payload {
  const fill = (part: Schema): Json => {
    if (part.enum !== undefined) return part.enum[0] ?? "";
    if (part.type === "object") return template(part);
    if (part.type === "array") return part.items === undefined ? [] : [fill(part.items)];
    if (part.format === "date-time") return new Date().toISOString();
    return part.type === "integer" || part.type === "number" ? 0 : part.type === "boolean" ? false : "";
  };
  const properties = schema.properties ?? {};
  return Object.fromEntries(
    (schema.required ?? []).flatMap((name) => {
      const part = properties[name];
      return part === undefined ? [] : [[name, fill(part)]];
    }),
  );
}
