import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { AppStore } from "./stores/app";

export const AppContext = createContext<AppStore | null>(null);

export function useApp(): AppStore {
  const app = useContext(AppContext);
  if (!app) throw new Error("A part of the app stands outside of it");
  return app;
}
