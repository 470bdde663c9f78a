/** Starts the console: words first, then everything else. */
import { createApp } from "vue";
import "maplibre-gl/dist/maplibre-gl.css";
import "../../web/static/site/tokens.css";
import "./styles/frame.css";
import "./styles/list.css";
import "./styles/stage.css";
import "./styles/detail.css";
import "./styles/forms.css";
import "./styles/layers.css";
import "./styles/figures.css";
import "./styles/narrow.css";
import { setClient } from "./api/client";
import Console from "./Console.vue";
import { setClock } from "./format/times";
import { readNonce, readShell } from "./shell";
import { followAddress, state } from "./state/console";
import { followSelection } from "./state/detail";
import { followKeys } from "./state/keys";
import { useAccount } from "./state/memory";
import { followHistory } from "./state/moves";
import { followPreferences } from "./state/theme";
import { followVisitors } from "./state/visitors";
import { loadWords } from "./words/words";

async function start(): Promise<void> {
  const shell = readShell(document);
  setClient(shell.csrf, shell.lang);
  useAccount(shell.account);
  setClock(shell.lang, shell.timezone, shell.now);
  followPreferences();
  await loadWords(shell.words, shell.localWords);
  state.visitors = shell.visitors;
  followVisitors();
  followAddress();
  followSelection();
  followHistory();
  followKeys();
  createApp(Console, { shell, nonce: readNonce(document) }).mount("#app");
}

void start();
