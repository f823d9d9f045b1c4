// Whether the part of the page around a component is the one in use: shortcuts of the others do nothing.
import { createContext, useContext } from "react";

export const ActivePaneContext = createContext(true);

export function useActivePane(): boolean {
  return useContext(ActivePaneContext);
}

/** Finds an element of the part in use. */
export function findInActivePane<Kind extends HTMLElement>(selector: string): Kind | null {
  return document.querySelector<Kind>(`[data-pane="active"] ${selector}`) ?? document.querySelector<Kind>(selector);
}
