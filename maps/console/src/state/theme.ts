/** Day and dark, density, and what else a browser remembers of its user. */
import { reactive, watch } from "vue";

const KEY = "govgrid.console";
export interface Preferences {
  theme: "light" | "dark";
  keys: boolean;
  sound: boolean;
}

function remembered(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
  } catch {
    return {};
  }
}

export const preferences: Preferences = reactive({ theme: "light", keys: true, sound: true });

/** Take over what the browser remembers, else what its system says; and remember each change. */
export function followPreferences(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  Object.assign(preferences, { theme: dark ? "dark" : "light" }, remembered());
  watch(
    preferences,
    (now) => {
      document.documentElement.dataset["theme"] = now.theme;
      localStorage.setItem(KEY, JSON.stringify(now));
    },
    { immediate: true, deep: true },
  );
}
