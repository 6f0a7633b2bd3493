import { useEffect, useRef } from "preact/hooks";
import { question } from "../asking";
import { t } from "../i18n";

/** Shows what a person is asked; Escape and the first button leave all as it is. */
export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked !== null && dialog.current?.open === false) dialog.current.showModal();
    if (asked === null) dialog.current?.close();
  }, [asked]);
  useEffect(() => () => question.value?.answer(false), []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => asked?.answer(false)}>
      {asked !== null && (
        <>
          <h2 id="confirm-title">{asked.title}</h2>
          <p class="muted">{asked.text}</p>
          <div class="buttons">
            <button type="button" class="button" onClick={() => asked.answer(false)}>
              {t.cancel}
            </button>
            <button type="button" class="button danger" onClick={() => asked.answer(true)}>
              {asked.yes}
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}
