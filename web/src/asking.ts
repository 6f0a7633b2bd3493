/** Asking the person before something is done that cannot be taken back. */
import { signal } from "@preact/signals";

export interface Question {
  title: string;
  text: string;
  yes: string;
  answer: (yes: boolean) => void;
}

/** What a person is asked now. */
export const question = signal<Question | null>(null);

/** Whether the person says yes; a question that was still open is answered with no. */
export function confirmed(asked: Omit<Question, "answer">): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}
