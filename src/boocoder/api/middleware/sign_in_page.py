"""The page for browsers that are not signed in, without scripts."""

from __future__ import annotations

STYLE_PATH = "/sign-in.css"

_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in - boocoder</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/sign-in.css">
</head>
<body>
<main>
<p class="brand">boocoder</p>
<h1>{heading}</h1>
<p>{why}</p>
<p>On the machine where boocoder runs:</p>
<pre><code>boocoder open</code></pre>
<p>It opens this page in a browser there, signed in, and prints the link. To use the link in this browser, copy it here.
A link works once, for ten minutes; the browser then stays signed in for 30 days.</p>
</main>
</body>
</html>
"""

NOT_SIGNED_IN = _DOCUMENT.format(
    heading="Not signed in",
    why="This browser is not signed in, or its 30 days are over. You need a fresh link.",
).encode()

CODE_USED = _DOCUMENT.format(
    heading="This link does not work any more",
    why="Not signed in: the link was used already, or it is older than ten minutes. You need a fresh one.",
).encode()

STYLE = b""":root {
  color-scheme: light dark;
  --ground: #f7f7f8; --card: #ffffff; --line: #e1e1e6; --text: #1c1c21; --text-2: #5a5a66; --accent: #4f46c8;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #131316; --card: #1d1d22; --line: #2c2c34; --text: #ededf0; --text-2: #b0b0bb; --accent: #a9a5ff }
}
* { box-sizing: border-box }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; padding: 16px }
body { background: var(--ground); color: var(--text); font: 400 0.9375rem/1.55 system-ui, sans-serif }
main { width: min(100%, 460px); padding: 32px }
main { border: 1px solid var(--line); border-radius: 14px; background: var(--card) }
.brand { margin: 0 0 24px; color: var(--accent); font-weight: 700 }
h1 { margin: 0 0 8px; font-size: 1.375rem; line-height: 1.3 }
p { margin: 0 0 12px; color: var(--text-2) }
pre { margin: 0 0 12px; padding: 12px 16px; overflow: auto }
pre { border: 1px solid var(--line); border-radius: 8px; background: var(--ground) }
code { font: 0.875rem ui-monospace, monospace }
main p:last-child { margin: 0 }
"""
