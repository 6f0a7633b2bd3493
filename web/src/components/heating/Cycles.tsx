import * as f from "../../format";
import type { PastCycle } from "../../heatingTypes";
import { t } from "../../i18n";

const PLACES = 10;
const FAR_K = 0.3;
const TALLEST_PX = 40;

function told(cycle: PastCycle, now: string, zone: string): string {
  const time = f.timeNear(cycle.ended_at, now, zone);
  const took = f.duration(cycle.duration_s);
  if (cycle.overshoot_k === null) return t.heating.cycles.cut(time, took, cycle.invalid ?? "");
  const text = t.heating.cycles.one(time, took, f.difference(cycle.overshoot_k, 2));
  return cycle.invalid === null ? text : `${text}, ${t.heating.notLearned(cycle.invalid)}`;
}

/** The last cycles, newest on the right: heating time as a bar, overshoot below it; hollow if not learned from. */
export function Cycles({ cycles, now, zone }: { cycles: PastCycle[]; now: string; zone: string }) {
  if (cycles.length === 0) return <p class="small muted">{t.heating.cycles.none}</p>;
  const longest = Math.max(...cycles.map((cycle) => cycle.duration_s), 1);
  return (
    <ol class="cycles" aria-label={t.heating.cycles.title}>
      {[...cycles].reverse().map((cycle, i) => {
        const kind = !cycle.valid ? "hollow" : Math.abs(cycle.overshoot_k ?? 0) > FAR_K ? "far" : "near";
        const text = told(cycle, now, zone);
        return (
          <li
            key={cycle.ended_at}
            class={kind}
            title={text}
            aria-label={text}
            style={{ gridColumn: PLACES - cycles.length + i + 1 }}
          >
            <span class="column" style={{ height: `${Math.max(4, (TALLEST_PX * cycle.duration_s) / longest)}px` }} />
            <span class="overshoot">{cycle.overshoot_k === null ? t.unknown : f.signed(cycle.overshoot_k)}</span>
          </li>
        );
      })}
    </ol>
  );
}
