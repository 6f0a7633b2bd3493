import * as f from "../../format";
import type { FloorName, FloorRoom, Floors } from "../../heatingTypes";
import { t } from "../../i18n";
import { zone } from "../../store";
import { Icon } from "../Icons";
import { DayStrip } from "./DayStrip";
import { Deviation } from "./Deviation";

const SPAN_K = 2;
const COLD_K = 0.29;

function roomText(room: FloorRoom, now: string): string {
  const texts = t.heating.floor;
  if (!room.available) return texts.offline;
  if (room.off) return texts.byHand;
  if (room.unmanaged_until !== null) {
    return texts.unmanaged(f.timeNear(room.unmanaged_until, now, zone.value));
  }
  if (room.cooldown_until !== null) return texts.rests(f.timeNear(room.cooldown_until, now, zone.value));
  if (room.heating) return room.heating_min < 1 ? texts.begins : texts.heating(f.minutes(room.heating_min));
  if (room.open) return texts.open;
  const cold = room.measured_c !== null && room.target_c !== null && room.measured_c < room.target_c - COLD_K;
  return cold ? texts.waits : texts.warm;
}

function Room({ room, now }: { room: FloorRoom; now: string }) {
  return (
    <li data-room={room.id} class={room.heating ? "is-heating" : room.available ? "" : "is-gone"}>
      <div class="room-line">
        <span class="name">{room.name}</span>
        <strong>{f.temperature(room.measured_c)}</strong>
      </div>
      <Deviation
        measured={room.measured_c}
        target={room.target_c}
        span={SPAN_K}
        label={`${room.name}, ${t.heating.temperature}`}
      />
      <p class="small muted pair">
        <span>{roomText(room, now)}</span>
        <span>
          {room.target_c === null ? t.heating.noTarget : t.heating.target(f.temperature(room.target_c))}
        </span>
      </p>
    </li>
  );
}

function Floor({ floors, name, now }: { floors: Floors; name: FloorName; now: string }) {
  const rooms = floors.rooms.filter((room) => room.floor === name);
  const served = floors.floor === name;
  return (
    <article class={served ? "card floor kind-tank is-served" : "card floor kind-tank"} data-floor={name}>
      <header>
        <h3 class="grow">{t.heating.floor[name]}</h3>
        <span class="state">{served ? t.heating.floor.served : t.heating.floor.parked}</span>
      </header>
      <ul>
        {rooms.map((room) => (
          <Room key={room.id} room={room} now={now} />
        ))}
      </ul>
    </article>
  );
}

/** What the pump waits for, each as a time that runs down. */
function Countdowns({ floors, passed }: { floors: Floors; passed: number }) {
  const texts = t.heating.floor;
  const waits: [string, number][] = [
    [texts.mayStop, floors.min_on_left_s - passed],
    [texts.mayStart, floors.min_off_left_s - passed],
    [texts.maySwitch, floors.floor_hold_left_s - passed],
  ];
  const running = waits.filter(([, left]) => left > 0);
  if (running.length === 0) return <p class="small muted">{texts.free}</p>;
  return (
    <ul class="countdowns">
      {running.map(([text, left]) => (
        <li key={text}>
          <span class="small muted">{text}</span>
          <strong>{f.duration(left)}</strong>
        </li>
      ))}
    </ul>
  );
}

function Quota({ floors }: { floors: Floors }) {
  const texts = t.heating.floor;
  const done = Math.max(0, floors.quota_min - floors.quota_remaining_min);
  const met = floors.quota_remaining_min <= 0;
  const text = texts.quotaOf(f.minutes(done), f.minutes(floors.quota_min));
  return (
    <div class="quota kind-tank">
      <p class="small pair">
        <span class="muted">{texts.quota}</span>
        <span>{met ? texts.quotaMet : text}</span>
      </p>
      <div
        class="gauge"
        role="progressbar"
        aria-label={texts.quota}
        aria-valuemin={0}
        aria-valuemax={floors.quota_min}
        aria-valuenow={done}
        aria-valuetext={text}
      >
        <span class="fill" style={{ width: `${floors.quota_min > 0 ? (100 * done) / floors.quota_min : 100}%` }} />
      </div>
    </div>
  );
}

const ICONS: Record<Floors["state"], string> = {
  OFF_LOCKOUT: "moon",
  OFF: "heat_pump",
  HEAT_GF: "floors",
  HEAT_FF: "floors",
  DHW_QUOTA: "tank",
};

export function FloorHeating({ floors, at, now }: { floors: Floors; at: string; now: string }) {
  const texts = t.heating.floor;
  const pump = floors.pump_on === null ? texts.pumpUnknown : floors.pump_on ? texts.pumpOn : texts.pumpOff;
  return (
    <section class="floors" aria-labelledby="floors-title">
      <h2 id="floors-title" class="section-title">
        {t.heating.floors}
      </h2>
      <article
        class={`card orchestrator kind-heat_pump is-${floors.state.toLowerCase()}`}
        data-state={floors.state}
        data-pump={pump}
      >
        <div class="headline">
          <span class="chip large">
            <Icon name={ICONS[floors.state]} size={26} />
          </span>
          <div class="grow">
            <h3>{texts.now[floors.state]}</h3>
            <p class="small muted">
              {floors.since !== null && t.heating.since(f.timeNear(floors.since, now, zone.value))}
            </p>
          </div>
          <span class={floors.pump_on ? "state on" : "state"}>
            {texts.pump} {pump}
          </span>
        </div>
        <p class="why">{floors.reason}</p>
        <Countdowns floors={floors} passed={(Date.parse(now) - Date.parse(at)) / 1000} />
        <Quota floors={floors} />
        {floors.off_window !== null && <DayStrip window={floors.off_window} now={now} zone={zone.value} />}
        <dl class="facts two">
          <div>
            <dt>{texts.outdoor}</dt>
            <dd>{f.temperature(floors.outdoor_c)}</dd>
          </div>
          <div>
            <dt>{texts.starts}</dt>
            <dd>{floors.pump_starts_today}</dd>
          </div>
        </dl>
      </article>
      <Floor floors={floors} name="GF" now={now} />
      <Floor floors={floors} name="FF" now={now} />
    </section>
  );
}
