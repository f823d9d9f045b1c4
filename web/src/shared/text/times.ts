// Times and sizes for people.

/** Seconds as "3 s", "2 min 5 s", "1 h 4 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 1) return seconds >= 0.05 ? `${seconds.toFixed(1)} s` : "0 s";
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** How long ago, in a word or two. */
export function age(then: Date, now: Date = new Date()): string {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 86_400 * 30) return `${Math.floor(seconds / 86_400)} d`;
  return then.toLocaleDateString();
}

/** A count as "950", "12.3k", "1.2M". */
export function count(value: number): string {
  if (value < 1000) return String(value);
  if (value < 999_950) return `${(value / 1000).toFixed(value < 9_950 ? 1 : value < 99_950 ? 1 : 0)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}
