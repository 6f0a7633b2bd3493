import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { question } from "./asking";

/** Asks before something interrupts charging; Escape and the first button leave all as it is. */
export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked !== null && dialog.current?.open === false) dialog.current.showModal();
    if (asked === null) dialog.current?.close();
  }, [asked]);
  useEffect(() => () => question.value?.answer(false), []);
  const texts = t.chargers.confirm;
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => asked?.answer(false)}>
      {asked !== null && (
        <>
          <h2 id="confirm-title">{texts.title(asked.action, asked.identity)}</h2>
          <p class="muted">{texts.texts[asked.action]}</p>
          <div class="buttons">
            <button type="button" class="button" onClick={() => asked.answer(false)}>
              {texts.no}
            </button>
            <button type="button" class="button danger" onClick={() => asked.answer(true)}>
              {texts.yes}
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}
