import { t } from "./i18n";

/** Intl objects are slow to make and are asked for at every state, so each is made once. */
const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

function number(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let found = numbers.get(key);
  if (!found) numbers.set(key, (found = new Intl.NumberFormat(t.locale, options)));
  return found;
}

function dateTime(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = times.get(key);
  if (!found) times.set(key, (found = new Intl.DateTimeFormat(t.locale, { timeZone: zone, ...options })));
  return found;
}

const minus = (text: string): string => text.replace("-", "−");

/** 683 W, 5.48 kW; the sign is kept. */
export function power(watts: number | null | undefined): string {
  if (watts == null) return t.unknown;
  const rounded = Math.round(watts);
  if (Math.abs(rounded) < 1000) return minus(`${rounded === 0 ? 0 : rounded}\u00a0W`);
  const kw = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(watts / 1000);
  return minus(`${kw}\u00a0kW`);
}

export function energy(kwh: number): string {
  return minus(`${number({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(kwh)}\u00a0kWh`);
}

export function percent(share: number | null | undefined): string {
  return share == null ? t.unknown : `${Math.round(share * 100)}\u00a0%`;
}

export function temperature(celsius: number | null | undefined, digits = 1): string {
  if (celsius == null) return t.unknown;
  return minus(
    `${number({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(celsius)}\u00a0°C`,
  );
}

export function money(amount: number, currency: string): string {
  return minus(number({ style: "currency", currency }).format(amount));
}

/** Prices of the euro are spoken in cents. */
export function price(perKwh: number | null | undefined, currency: string): string {
  if (perKwh == null) return t.unknown;
  const cents = currency === "EUR";
  const digits = cents ? 1 : 3;
  const value = number({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    cents ? perKwh * 100 : perKwh,
  );
  return minus(`${value} ${cents ? "ct" : currency}/kWh`);
}

/** +0.2, −0.1, 0.0 */
export function signed(value: number, digits = 1): string {
  return minus(
    number({
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      signDisplay: "exceptZero",
    }).format(value),
  );
}

/** +0.25 K */
export const difference = (kelvin: number, digits = 1): string => `${signed(kelvin, digits)}\u00a0K`;

/** 45 s, 12 min, 2 h 05 min; never negative. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}\u00a0s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  const rest = String(minutes % 60).padStart(2, "0");
  return `${Math.floor(minutes / 60)}\u00a0h\u00a0${rest}\u00a0min`;
}

/** 0 min, 12 min, 2 h 05 min: where seconds are of no interest. */
export const minutes = (count: number): string =>
  Math.round(count) < 1 ? `0\u00a0min` : duration(60 * Math.round(count));

export const clockTime = (at: string | number, zone: string): string =>
  dateTime(zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));

export const day = (at: string | number, zone: string): string =>
  dateTime(zone, { weekday: "short", day: "numeric", month: "short" }).format(new Date(at));

export const longDay = (at: string | number, zone: string): string =>
  dateTime(zone, { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));

export const weekday = (at: string | number, zone: string): string =>
  dateTime(zone, { weekday: "short" }).format(new Date(at));

export const date = (at: string | number, zone: string): string =>
  dateTime(zone, { day: "numeric", month: "long" }).format(new Date(at));

/** "07:30" today, "Sat 07:30" on another day of the site. */
export function timeNear(at: string | number, now: string | number, zone: string): string {
  const time = clockTime(at, zone);
  return day(at, zone) === day(now, zone) ? time : `${weekday(at, zone)} ${time}`;
}

/** Hour and minute of the site's own clock, for aligning axis ticks. */
export function localHour(at: number, zone: string): { hour: number; minute: number } {
  const [hour, minute] = clockTime(at, zone).split(":").map(Number);
  return { hour: hour ?? 0, minute: minute ?? 0 };
}
