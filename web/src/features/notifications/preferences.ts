// Notification preferences. Stored in this browser.
import { persistedFields, usePersisted } from "../../shared/storage/persistedState";

interface NotificationPreferences {
  desktop: boolean;
  sound: boolean;
}

const choice = persistedFields<NotificationPreferences>("boocoder.notify", { desktop: false, sound: false });

export function setNotificationPreferences(next: Partial<NotificationPreferences>): void {
  choice.set({ ...choice.get(), ...next });
}

export function notificationPreferences(): NotificationPreferences {
  return choice.get();
}

export function useNotificationPreferences(): NotificationPreferences {
  return usePersisted(choice);
}
