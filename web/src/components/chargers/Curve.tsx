import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { loadCurve } from "../../chargers";
import * as f from "../../format";
import { t } from "../../i18n";
import type { ChargingSession, CurvePoint } from "../../ocppTypes";
import { onFailure, zone } from "../../store";
import { when } from "./ChargerCard";

const WIDE = 600;
const HIGH = 80;
const POINTS = 300;

interface Sample {
  at: number;
  power_w: number;
}

/** An area of steps: each value holds until the next one. */
function area(samples: Sample[], most_w: number): string {
  const start = samples[0]?.at ?? 0;
  const span = Math.max(1, (samples.at(-1)?.at ?? 0) - start);
  const x = (at: number): string => ((WIDE * (at - start)) / span).toFixed(1);
  const y = (power_w: number): string => (HIGH * (1 - Math.max(0, power_w) / most_w)).toFixed(1);
  return `M0 ${HIGH}${samples.map((one) => `H${x(one.at)}V${y(one.power_w)}`).join("")}V${HIGH}Z`;
}

/** The power of one session over its time, asked for when it is opened and while it grows. */
export function Curve({ session }: { session: ChargingSession }) {
  const points = useSignal<CurvePoint[] | null>(null);
  useEffect(() => {
    loadCurve(session.id, POINTS)
      .then((found) => (points.value = found ?? []))
      .catch(onFailure);
    // While it grows: not with every measurement, since the whole curve comes each time.
  }, [session.id, Math.floor(2 * session.energy_kwh), session.stopped_at]);
  const texts = t.chargers.sessions;
  if (points.value === null) return <div class="curve" aria-busy="true" />;
  const samples = points.value.flatMap(({ at, power_w }) => (power_w === null ? [] : [{ at: Date.parse(at), power_w }]));
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return <p class="curve small muted">{texts.noCurve}</p>;
  const most_w = samples.reduce((most, one) => Math.max(most, one.power_w), 0);
  const charges = points.value.flatMap((one) => (one.soc === null ? [] : [one.soc]));
  const facts = [
    texts.most(f.power(most_w)),
    charges.length === 0 ? null : texts.car(f.percent(charges[0]), f.percent(charges.at(-1))),
  ];
  return (
    <div class="curve kind-charge_point">
      <svg
        viewBox={`0 0 ${WIDE} ${HIGH}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${texts.curve(when(session.started_at))}: ${facts.filter(Boolean).join(", ")}`}
      >
        <path d={area(samples, Math.max(1, most_w))} />
      </svg>
      <p class="small muted pair">
        <span>{when(new Date(first.at).toISOString())}</span>
        <span>{facts.filter(Boolean).join(" · ")}</span>
        <span>{f.timeNear(last.at, first.at, zone.value)}</span>
      </p>
    </div>
  );
}
