import { t } from "../i18n";
import { theme, toggleTheme } from "../theme";
import { Icon } from "./Icons";

/** Changes between light and dark colours. */
export function ThemeButton() {
  const label = theme.value === "dark" ? t.theme.toLight : t.theme.toDark;
  return (
    <button type="button" class="tool" onClick={toggleTheme} aria-label={label} title={label}>
      <Icon name={theme.value === "dark" ? "sun" : "moon"} />
    </button>
  );
}
