/** Change the access token into a session of this browser; false if it is the wrong one. */
export async function openSession(token: string): Promise<boolean> {
  const answer = await fetch("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.status === 401) return false;
  if (!answer.ok) throw new Error(`/api/session: ${answer.status}`);
  return true;
}
