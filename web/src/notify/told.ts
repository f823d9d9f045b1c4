// Lets one of several tabs tell a moment: the first that writes it down.
const KEY = "boocoder.told";
const KEPT_MAX = 50;

/** Whether it was told already; afterwards it was. */
export function toldBefore(key: string): boolean {
  let told: string[] = [];
  try {
    told = JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[];
  } catch {
    // what stands there is not ours
  }
  if (told.includes(key)) return true;
  localStorage.setItem(KEY, JSON.stringify([...told, key].slice(-KEPT_MAX)));
  return false;
}
