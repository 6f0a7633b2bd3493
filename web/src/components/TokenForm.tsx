import { useSignal } from "@preact/signals";
import { t } from "../i18n";

/** Asks for the access token; `unlock` is false if it is the wrong one. */
export function TokenForm({ unlock }: { unlock: (token: string) => Promise<boolean> }) {
  const token = useSignal("");
  const problem = useSignal("");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      problem.value = (await unlock(token.value.trim())) ? "" : t.access.wrong;
    } catch {
      problem.value = t.access.failed;
    }
  };
  return (
    <main class="waiting">
      <form class="card token" onSubmit={(event) => void submit(event)}>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>{t.access.title}</h1>
        <p class="muted">{t.access.explain}</p>
        <label>
          <span class="small">{t.access.label}</span>
          <input
            type="password"
            autocomplete="current-password"
            required
            value={token.value}
            onInput={(event) => (token.value = event.currentTarget.value)}
          />
        </label>
        <p class="problem" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="primary">
          {t.access.open}
        </button>
      </form>
    </main>
  );
}
