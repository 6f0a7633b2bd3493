import { useSignal } from "@preact/signals";
import { confirmed } from "../../asking";
import * as f from "../../format";
import { forgetLearning } from "../../heating";
import type { HeatingCycle, Learning, RadiatorRoom, RoomState, Valve } from "../../heatingTypes";
import { t } from "../../i18n";
import { zone } from "../../store";
import { Icon } from "../Icons";
import { Cycles } from "./Cycles";
import { Deviation } from "./Deviation";

const SPAN_K = 1.5;
const CIRCLE: RoomState[] = ["IDLE", "HEATING", "COOLDOWN"];

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** Share of the present state that is over, where its end is known. */
function progress(room: RadiatorRoom, now: string): number | null {
  const { cycle } = room;
  if (room.state === "HEATING" && cycle !== null && cycle.planned_s !== null) {
    return cycle.elapsed_s / cycle.planned_s;
  }
  if (room.state === "COOLDOWN" && room.since !== null && room.next_at !== null) {
    return seconds(room.since, now) / Math.max(1, seconds(room.since, room.next_at));
  }
  return null;
}

/** Idle, heating, cooldown and round again; airing and errors stand outside of the circle. */
function States({ room, now }: { room: RadiatorRoom; now: string }) {
  const done = progress(room, now);
  return (
    <ol class="states" aria-label={t.heating.steps}>
      {CIRCLE.map((state) => {
        const here = state === room.state;
        return (
          <li key={state} class={here ? `here is-${state.toLowerCase()}` : ""} aria-current={here ? "step" : undefined}>
            <span class="track">
              {here && <span class="fill" style={{ width: `${100 * Math.min(1, done ?? 1)}%` }} />}
            </span>
            <span class="small">{t.heating.states[state]}</span>
          </li>
        );
      })}
    </ol>
  );
}

function cycleText(cycle: HeatingCycle): string {
  const parts = [];
  if (cycle.stopped_at !== null) {
    parts.push(t.heating.peak(cycle.peak_c === null ? t.unknown : f.difference(cycle.peak_c - cycle.target_c)));
  } else if (cycle.planned_s === null) {
    parts.push(t.heating.heatingToTarget(f.duration(cycle.elapsed_s)));
  } else {
    parts.push(t.heating.heatingFor(f.duration(cycle.elapsed_s), f.duration(cycle.planned_s)));
  }
  if (cycle.invalid !== null) parts.push(t.heating.notLearned(cycle.invalid));
  return parts.join(", ");
}

/** Forgets what a room has learned, after new radiators or windows; asks before. */
function LearnAnew({ room }: { room: RadiatorRoom }) {
  const problem = useSignal("");
  const texts = t.heating.learning;
  const run = async (): Promise<void> => {
    const asked = { title: texts.sure(room.name), text: texts.then(room.learning.needed_cycles), yes: texts.yes };
    if (!(await confirmed(asked))) return;
    problem.value = (await forgetLearning(room.id)) ? "" : texts.failed;
  };
  return (
    <>
      <button type="button" class="link small" aria-label={texts.forgetIn(room.name)} onClick={() => void run()}>
        {texts.forget}
      </button>
      <p class="small wrong" role="alert">
        {problem.value}
      </p>
    </>
  );
}

function LearningBar({ room }: { room: RadiatorRoom }) {
  const { learning } = room;
  const texts = t.heating.learning;
  const progress = texts.progress(learning.valid_cycles, learning.needed_cycles);
  const offset = learning.time_offset_s;
  const details = [
    offset === null || !learning.complete
      ? null
      : offset >= 0
        ? texts.early(f.duration(offset))
        : texts.late(f.duration(-offset)),
    learning.s_per_k === null ? null : texts.rate(f.duration(learning.s_per_k)),
  ].filter(Boolean);
  return (
    <div class="learning">
      <p class="small pair">
        <span class="muted">{texts.title}</span>
        <span>{learning.complete ? texts.done(learning.valid_cycles) : progress}</span>
      </p>
      {!learning.complete && (
        <div
          class="gauge"
          role="progressbar"
          aria-label={texts.title}
          aria-valuemin={0}
          aria-valuemax={learning.needed_cycles}
          aria-valuenow={learning.valid_cycles}
          aria-valuetext={progress}
        >
          <span
            class="fill"
            style={{ width: `${Math.min(100, (100 * learning.valid_cycles) / learning.needed_cycles)}%` }}
          />
        </div>
      )}
      <div class="pair">
        <p class="small muted">{details.join(" · ")}</p>
        {learned(learning) && <LearnAnew room={room} />}
      </div>
    </div>
  );
}

/** Whether there is anything to forget. */
const learned = (learning: Learning): boolean => learning.valid_cycles > 0 || learning.s_per_k !== null;

function valveText(valve: Valve): string {
  const texts = t.heating.valve;
  if (!valve.enabled) return texts.disabled;
  if (!valve.available) return texts.offline;
  if (valve.wanted === null) return texts.unknown;
  return valve.follows ? texts[valve.wanted] : `${texts[valve.wanted]}, ${texts.waiting}`;
}

function Valves({ valves }: { valves: Valve[] }) {
  return (
    <ul class="valves small" aria-label={t.heating.valves}>
      {valves.map((valve) => {
        const wrong = valve.enabled && !valve.available;
        const open = valve.enabled && valve.available && valve.wanted === "open";
        return (
          <li key={valve.id} class={wrong ? "wrong" : open ? "open" : ""}>
            <span class="lamp" aria-hidden="true" />
            <span class="name">{valve.id}</span>
            <span class="muted">{valveText(valve)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function RoomCard({ room, now }: { room: RadiatorRoom; now: string }) {
  const outside = room.state === "VENT" || room.state === "ERROR";
  return (
    <article class={`card device kind-room radiator is-${room.state.toLowerCase()}`} data-room={room.id}>
      <header>
        <span class="chip">
          <Icon name={room.state === "VENT" ? "window" : room.state === "HEATING" ? "flame" : "radiator"} />
        </span>
        <div class="grow">
          <h3>{room.name}</h3>
          <p class="small muted">
            {room.since !== null && t.heating.since(f.timeNear(room.since, now, zone.value))}
          </p>
        </div>
        <span class="state">{t.heating.states[room.state]}</span>
      </header>
      <div class="reading">
        <strong>{f.temperature(room.measured_c)}</strong>
        <span class="small muted">
          {room.target_c === null ? t.heating.noTarget : t.heating.target(f.temperature(room.target_c))}
        </span>
      </div>
      <Deviation
        measured={room.measured_c}
        target={room.target_c}
        span={SPAN_K}
        label={`${room.name}, ${t.heating.temperature}`}
      />
      {!outside && <States room={room} now={now} />}
      <p class="why">{room.reason}</p>
      {room.problems.map((problem) => (
        <p key={problem.code + problem.subject} class="badge">
          {problem.message}
        </p>
      ))}
      {room.cycle !== null && <p class="small muted">{cycleText(room.cycle)}</p>}
      {room.post_vent && <p class="small muted">{t.heating.postVent}</p>}
      <Valves valves={room.valves} />
      <div class="history">
        <p class="small pair">
          <span class="muted">{t.heating.cycles.title}</span>
          {room.last_cycles.length > 0 && <span class="muted">{t.heating.cycles.legend}</span>}
        </p>
        <Cycles cycles={room.last_cycles} now={now} zone={zone.value} />
      </div>
      <LearningBar room={room} />
    </article>
  );
}

export function RadiatorRooms({ rooms, now }: { rooms: RadiatorRoom[]; now: string }) {
  return (
    <section aria-labelledby="radiators-title">
      <h2 id="radiators-title" class="section-title">
        {t.heating.rooms}
      </h2>
      <div class="radiators">
        {rooms.map((room) => (
          <RoomCard key={room.id} room={room} now={now} />
        ))}
      </div>
    </section>
  );
}
