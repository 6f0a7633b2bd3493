/** What a person can do on the heating page. */
import { Locked, loadHeating, onFailure } from "./store";

/** Let a room forget what it has learned; false where the home did not do so. */
export async function forgetLearning(room: string): Promise<boolean> {
  try {
    const answer = await fetch(`/api/heating/${encodeURIComponent(room)}/reset-learning`, { method: "POST" });
    if (answer.status === 401) throw new Locked();
    await loadHeating();
    return answer.ok;
  } catch (error) {
    onFailure(error);
    return false;
  }
}
