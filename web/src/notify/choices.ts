// How the person wants to be called when the page is not in view. Kept in this browser.
import { keptFields } from "../kept/kept";

interface NotifyChoice {
  desktop: boolean;
  sound: boolean;
}

const choice = keptFields<NotifyChoice>("boocoder.notify", { desktop: false, sound: false });

export function setNotify(next: Partial<NotifyChoice>): void {
  choice.set({ ...choice.get(), ...next });
}

export function notifyChoice(): NotifyChoice {
  return choice.get();
}

export function useNotify(): NotifyChoice {
  return choice.use();
}
