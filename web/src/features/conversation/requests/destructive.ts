// Recognises requests whose effect is hard to undo. A match adds a second step; a miss never allows anything.

const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/\brm\s+(?:-\w*\s+)*-\w*[rf]|\brm\s+.*--(?:recursive|force)\b|\bshred\b|\bfind\b.*\s-delete\b/, "deletes files"],
  [/\bgit\s+(?:\S+\s+)*push\b.*(?:\s--force(?:-with-lease)?\b|\s-\w*f|\s--mirror\b|\s--delete\b|\s-d\b|\s\+\S)/, "rewrites or deletes remote history"],
  [/\bgit\s+(?:\S+\s+)*(?:reset\b.*--hard|clean\b.*\s-\w*[fdx]|branch\b.*\s-D\b|checkout\b.*\s--(?:\s|$)|restore\b|stash\s+(?:drop|clear)|filter-\w+|gc\b.*--prune|reflog\s+expire)/, "discards work in a git repository"],
  [/\b(?:terraform|tofu|pulumi)\s+(?:\S+\s+)*(?:destroy|apply|up|down)\b|\bkubectl\s+(?:\S+\s+)*(?:delete|drain)\b|\bhelm\s+(?:uninstall|delete|rollback)\b/, "changes running infrastructure"],
  [/\b(?:aws|gcloud|az|doctl|flyctl|heroku)\b.*\b(?:delete|destroy|terminate|remove|rm|purge)\b/, "deletes cloud resources"],
  [/\bdocker\s+(?:\S+\s+)*(?:prune|rmi?|kill)\b|\bpodman\s+(?:\S+\s+)*(?:prune|rmi?|kill)\b/, "removes containers or images"],
  [/\b(?:drop|truncate)\s+(?:table|database|schema|index|user)\b|\bdelete\s+from\b|\bdropdb\b|\bflushall\b/i, "deletes data in a database"],
  [/\b(?:mkfs|fdisk|parted|wipefs)\b|\bdd\b.*\bof=|>\s*\/dev\/(?:sd|nvme|disk)/, "overwrites a disk"],
  [/\b(?:shutdown|reboot|halt|poweroff)\b|\bsystemctl\s+(?:stop|disable|mask|restart)\b|\b(?:pkill|killall)\b|\bkill\s+-(?:9|KILL)\b/, "stops programs or the machine"],
  [/\b(?:chmod|chown|chgrp)\s+(?:-\w*R|--recursive)\b/, "changes permissions of many files"],
  [/\b(?:npm|pnpm|yarn|cargo|poetry|uv|twine|gem)\s+(?:publish|upload|yank|unpublish|push)\b|\bgh\s+(?:repo|release)\s+delete\b/, "publishes or unpublishes a package"],
  [/\b(?:curl|wget)\b[^|]*\|\s*(?:sudo\s+)?(?:\w*sh|python\d?|perl|node)\b/, "runs a downloaded script"],
  [/(?:^|[\s;&|(])(?:sudo|doas|su)\s/, "runs with administrator rights"],
];

/** What is hard to undo about a request, such as "deletes files"; null if nothing was recognised. */
export function destructiveEffect(tool: string, argument: string, kind?: string): string | null {
  if (kind === "delete" || /^(?:delete|remove)(?:_|$)/i.test(tool)) return "deletes files";
  const line = argument.replace(/\\\n/g, " ").replace(/\s+/g, " ");
  return COMMANDS.find(([pattern]) => pattern.test(line))?.[1] ?? null;
}
