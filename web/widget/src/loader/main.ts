// Entry of /widget.js: one classic script that a shop pastes into its pages.
import { start } from "./loader";

start(document.currentScript as HTMLScriptElement | null);
