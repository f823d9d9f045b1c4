"""The tasks: files, what a person asks for, how the result is checked, and a script that solves it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

_MATHS = "def add(a, b):\n    return a - b\n\n\ndef double(x):\n    return x * 2\n"
_SHOP = "TAX = 19\n\n\ndef price(net):\n    return net + net * TAX / 100\n"
_CAREFUL_SHOP = _SHOP.replace("    return", "    if net < 0:\n        raise ValueError(net)\n    return")
_RAISES = """
from shop import price
try:
    price(-1)
except ValueError:
    assert price(100) == 119
else:
    raise SystemExit(1)
"""
_LONG = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(1, 61))
_STYLE = "Use tabs, never spaces, to indent Python. Begin every new file with the line `# shop`.\n"


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Args:
        name: of it.
        prompt: what the person asks for.
        check: a bash command in the project's folder; 0 means solved.
        floor: directives of the scripted model that solve it.
        files: text by path.
    """

    name: str
    prompt: str
    check: str
    floor: str
    files: dict[str, str] = field(default_factory=dict)


def _python(code: str) -> str:
    return f"python3 -c {shlex.quote(code)}"


TASKS = (
    Task(
        "new file",
        "Create hello.txt with the one line: hello",
        'test "$(cat hello.txt)" = hello',
        "[[write hello.txt|hello\n]]",
    ),
    Task(
        "new folder",
        "Create docs/guide/intro.md with the heading: # Intro",
        'grep -qx "# Intro" docs/guide/intro.md',
        "[[write docs/guide/intro.md|# Intro\n]]",
    ),
    Task(
        "json file",
        "Create config.json: an object with name set to shop and port set to 8080.",
        _python("import json; assert json.load(open('config.json')) == {'name': 'shop', 'port': 8080}"),
        '[[write config.json|{"name": "shop", "port": 8080}]]',
    ),
    Task(
        "fix a sign",
        "add() in maths.py subtracts. Fix it.",
        _python("from maths import add; assert add(2, 3) == 5"),
        "[[read maths.py]] [[bash sed -i 's/a - b/a + b/' maths.py]]",
        {"maths.py": _MATHS},
    ),
    Task(
        "add a function",
        "Add triple(x) to maths.py, beside double().",
        _python("from maths import triple, double; assert (triple(3), double(2)) == (9, 4)"),
        "[[bash printf '\\n\\ndef triple(x):\\n    return x * 3\\n' >> maths.py]]",
        {"maths.py": _MATHS},
    ),
    Task(
        "rename a function",
        "Rename double() to twice() in all files.",
        _python("from maths import twice; import use; assert use.four() == 4")
        + " && ! grep -rq double --include=*.py .",
        "[[bash sed -i 's/double/twice/g' maths.py use.py]]",
        {"maths.py": _MATHS, "use.py": "from maths import double\n\n\ndef four():\n    return double(2)\n"},
    ),
    Task(
        "change a constant",
        "The tax is 7 percent now. Change shop.py.",
        _python("from shop import price; assert price(100) == 107"),
        "[[bash sed -i 's/TAX = 19/TAX = 7/' shop.py]]",
        {"shop.py": _SHOP},
    ),
    Task(
        "delete a file",
        "Delete old.txt and nothing else.",
        "test ! -e old.txt && test -e new.txt",
        "[[bash rm old.txt]]",
        {"old.txt": "x\n", "new.txt": "x\n"},
    ),
    Task(
        "move a file",
        "Move notes.txt into the folder archive.",
        "test -e archive/notes.txt && test ! -e notes.txt",
        "[[bash mkdir -p archive && mv notes.txt archive/]]",
        {"notes.txt": "n\n"},
    ),
    Task(
        "find a word",
        "In which file does the word needle stand? Write the file's name alone into answer.txt.",
        'grep -q "b.txt" answer.txt && ! grep -q "a.txt" answer.txt',
        "[[bash grep -l needle *.txt > answer.txt]]",
        {"a.txt": "hay\n" * 50, "b.txt": "hay\nneedle\n", "c.txt": "hay\n"},
    ),
    Task(
        "count lines",
        "How many lines has data.csv? Write the number alone into count.txt.",
        'test "$(tr -d " \\n" < count.txt)" = 37',
        "[[bash wc -l < data.csv > count.txt]]",
        {"data.csv": "a,b\n" * 37},
    ),
    Task(
        "line in a long file",
        "In steps.py, step_42 must add 4200 instead of 42.",
        _python("import steps; assert steps.step_42(0) == 4200 and steps.step_41(0) == 41 and steps.step_43(0) == 43"),
        "[[bash sed -i 's/value + 42$/value + 4200/' steps.py]]",
        {"steps.py": _LONG},
    ),
    Task(
        "remove a function",
        "Remove step_10 from steps.py.",
        _python("import steps; assert not hasattr(steps, 'step_10') and steps.step_11(0) == 11"),
        "[[bash sed -i '/def step_10(/,+3d' steps.py]]",
        {"steps.py": _LONG},
    ),
    Task(
        "make a test pass",
        "test_maths.py fails. Change maths.py until it passes.",
        "python3 test_maths.py && grep -q 'add(2, 2) == 4' test_maths.py",
        "[[bash sed -i 's/a - b/a + b/' maths.py]]",
        {"maths.py": _MATHS, "test_maths.py": "from maths import add\n\nassert add(2, 2) == 4\n"},
    ),
    Task(
        "write a test",
        "Write test_shop.py with an assert for price(100) of shop.py.",
        "python3 test_shop.py && grep -q 'price(100)' test_shop.py",
        "[[write test_shop.py|from shop import price\n\nassert price(100) == 119\n]]",
        {"shop.py": _SHOP},
    ),
    Task(
        "syntax error",
        "run.py does not start. Repair it.",
        'test "$(python3 run.py)" = ready',
        "[[write run.py|print('ready')\n]]",
        {"run.py": "print('ready'\n"},
    ),
    Task(
        "missing import",
        "python3 now.py fails. Repair it.",
        "python3 now.py",
        "[[bash sed -i '1i import json' now.py]]",
        {"now.py": "print(json.dumps([1]))\n"},
    ),
    Task(
        "default argument",
        "greet() in greet.py is to use the name world if none is given.",
        _python("from greet import greet; assert (greet(), greet('x')) == ('hello world', 'hello x')"),
        "[[bash sed -i 's/(name)/(name=\"world\")/' greet.py]]",
        {"greet.py": "def greet(name):\n    return f'hello {name}'\n"},
    ),
    Task(
        "raise on bad input",
        "price() in shop.py is to raise ValueError for a negative net.",
        _python(_RAISES),
        f"[[write shop.py|{_CAREFUL_SHOP}]]",
        {"shop.py": _SHOP},
    ),
    Task(
        "type hints",
        "Add type hints to add() in maths.py: two int, and it returns int.",
        _python("from maths import add; assert add.__annotations__ == {'a': int, 'b': int, 'return': int}"),
        "[[bash sed -i 's/def add(a, b):/def add(a: int, b: int) -> int:/' maths.py]]",
        {"maths.py": _MATHS},
    ),
    Task(
        "docstring",
        "Give double() in maths.py a docstring.",
        _python("from maths import double; assert double.__doc__"),
        "[[bash sed -i 's/def double(x):/def double(x):\\n    \"Two times x.\"/' maths.py]]",
        {"maths.py": _MATHS},
    ),
    Task(
        "csv to json",
        "Write people.json: a list with one object for each row of people.csv.",
        _python("import json; assert json.load(open('people.json'))[1]['name'] == 'Bo'"),
        '[[write people.json|[{"name": "Al", "age": "3"}, {"name": "Bo", "age": "4"}]\n]]',
        {"people.csv": "name,age\nAl,3\nBo,4\n"},
    ),
    Task(
        "sort lines",
        "Sort the lines of words.txt by the alphabet.",
        "sort -c words.txt && test $(wc -l < words.txt) = 4",
        "[[bash sort -o words.txt words.txt]]",
        {"words.txt": "pear\nfig\napple\nkiwi\n"},
    ),
    Task(
        "replace everywhere",
        "Replace foo by bar in every .txt file, in sub-folders too.",
        "! grep -rq foo --include=*.txt . && grep -q bar sub/b.txt && grep -q foo c.md",
        "[[bash sed -i 's/foo/bar/g' a.txt sub/b.txt]]",
        {"a.txt": "foo\n", "sub/b.txt": "x foo\n", "c.md": "foo\n"},
    ),
    Task(
        "keep the rest",
        "Change the port in server.ini to 9000. Change nothing else.",
        'test "$(cat server.ini)" = "$(printf \'[server]\\n; keep me\\nhost = a\\nport = 9000\')"',
        "[[bash sed -i 's/port = 80$/port = 9000/' server.ini]]",
        {"server.ini": "[server]\n; keep me\nhost = a\nport = 80\n"},
    ),
    Task(
        "follow the rules",
        "Create pay.py with a function pay(x) that returns x.",
        "head -1 pay.py | grep -qx '# shop' && grep -qP '^\\treturn x' pay.py",
        "[[write pay.py|# shop\ndef pay(x):\n\treturn x\n]]",
        {"AGENTS.md": _STYLE},
    ),
    Task(
        "rules of a folder",
        "Create api/list.py with a function names() that returns an empty list.",
        "grep -q 'api: private' api/list.py && " + _python("from api.list import names; assert names() == []"),
        "[[write api/list.py|# api: private\ndef names():\n    return list()\n]]",
        {
            "api/AGENTS.md": "Every file here begins with the line `# api: private`.\n",
            "api/base.py": "# api: private\n",
        },
    ),
    Task(
        "answer only",
        "What does double(21) of maths.py return? Change no file; answer with the number.",
        "test $(ls | wc -l) = 1 && grep -q 'a - b' maths.py",
        "[[read maths.py]] [[say 42]]",
        {"maths.py": _MATHS},
    ),
    Task(
        "two files",
        "Move the constant TAX from shop.py into a new file rates.py and import it in shop.py.",
        _python("import rates, shop; assert rates.TAX == 19 and shop.price(100) == 119")
        + " && ! grep -q 'TAX = ' shop.py",
        "[[write rates.py|TAX = 19\n]] [[bash sed -i 's/^TAX = 19/from rates import TAX/' shop.py]]",
        {"shop.py": _SHOP},
    ),
    Task(
        "run a program",
        "Run make_data.py and write the last line that it prints into last.txt.",
        'test "$(cat last.txt)" = "row 9: 81"',
        "[[bash python3 make_data.py | tail -1 > last.txt]]",
        {"make_data.py": "for n in range(10):\n    print(f'row {n}: {n * n}')\n"},
    ),
)
