/** The tag under which the home itself starts sessions; it need not be listed. */
export const HOME_TAG = "ohmstead";
