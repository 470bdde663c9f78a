/** Visitors look on (参观模式): every screen of the account shows areas, lights and counts, nothing else. */
import { reactive } from "vue";
import { postJson } from "../api/client";
import { address } from "../api/paths";
import { writeAddress } from "./address";
import { state } from "./console";

/** What other pages of this browser listen to: see static/visitors.js. */
const MARK = "govgrid.visitors";
export const hiding: { on: boolean; error: string } = reactive({ on: false, error: "" });

/** Load the page anew, as the server shows it now; the address names nothing that was chosen. */
function startAnew(): void {
  const { view } = state;
  history.replaceState(null, "", location.pathname + writeAddress({ selection: null, layers: null, view }, location.search));
  try {
    localStorage.setItem(MARK, String(Date.now()));
  } catch {
    // a browser that keeps nothing has other pages that know nothing of it
  }
  location.reload();
}

/** Cover this screen at once, then have the server hide everything on all screens of the account. */
export async function hideFromVisitors(): Promise<void> {
  if (state.visitors) return;
  Object.assign(hiding, { on: true, error: "" });
  try {
    await postJson(address("/api/console/visitors"), {}, "");
    startAnew();
  } catch (error) {
    hiding.error = (error as Error).message;
  }
}

/** Listen from now on for visitors of another screen. */
export function followVisitors(): void {
  document.addEventListener("govgrid:visitors", () => {
    if (state.visitors || hiding.on) return;
    hiding.on = true;
    startAnew();
  });
}
