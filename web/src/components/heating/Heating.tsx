import { heating, home } from "../../store";
import { Confirm } from "../Confirm";
import { FloorHeating } from "./FloorHeating";
import { RadiatorRooms } from "./RadiatorRooms";

/** Rooms and floors: what each does, why, and what it waits for. */
export function Heating() {
  const found = heating.value;
  if (found === null) return null;
  // The states of the home come more often than this answer: times run down between two of them.
  const later = home.value !== null && Date.parse(home.value.at) > Date.parse(found.at);
  const now = later && home.value !== null ? home.value.at : found.at;
  return (
    <div class="heating">
      {found.floors !== null && <FloorHeating floors={found.floors} at={found.at} now={now} />}
      {found.radiators.length > 0 && <RadiatorRooms rooms={found.radiators} now={now} />}
      <Confirm />
    </div>
  );
}
