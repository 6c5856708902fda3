"""Find the literals of a cell that are secrets: those given to names like password."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import singledispatch
from itertools import pairwise
from typing import TypeAlias

#: The substitute for a secret.
HIDDEN = "<hidden>"
#: A name, and the expression that is given to it.
_Given: TypeAlias = "tuple[str, ast.expr]"
#: Words for secrets, which have no other meaning.
_CERTAIN = (
    r"pass(?:word|wd|phrase|wort|code)|pwd|kennwort|mot_de_passe|token|secret"
    r"|credential|creds?|authorization|bearer|cookie"
    r"|(?:api|access|private|secret|auth|ssh|encryption|account)[_-]?key"
)
#: Words that mean secrets as names; filters of signals are "low_pass" and the like.
_WORDS = (
    rf"{_CERTAIN}|auth|key|pw"
    r"|(?<![a-z])(?<!low_)(?<!high_)(?<!band_)(?<!all_)pass"
)
_SECRET = re.compile(
    rf"(?:^|[_\W]|(?<=[a-z]))(?:{_WORDS})s?"
    r"(?:_(?:value|str|string|text|id|bytes|raw|default))?(?:_?\d+)?$",
    re.IGNORECASE,
)
#: Names that mean nothing but a secret: "key" may be the name of a column.
_ONLY_SECRET = re.compile(_CERTAIN, re.IGNORECASE)
#: Bytes from which on a secret is also hidden where it has another name.
_SHORTEST_REPEATED = 6
_PASSWORD = re.compile(
    r"pass(?:word|wd|phrase|wort|code)|pwd|kennwort|secret|credential", re.IGNORECASE
)
#: Functions one of whose arguments is a secret, without a name that says so.
_LOGINS = frozenset({"connect", "login", "authenticate", "basic_auth", "HTTPBasicAuth"})
#: Functions whose arguments name the secret that they set.
_PLACES = frozenset(
    {"getenv", "get", "pop", "getpass", "input", "open", "Path", "get_password"}
)
#: A secret where the text is not Python: in magics, comments and shell commands.
_IN_TEXT = re.compile(
    rf"(?P<before>(?:\b|_|--?)(?:{_WORDS})s?[\"']?\s*(?:=|:)\s*(?:bearer\s+|basic\s+)?"
    rf"|\b(?:bearer|basic)\s+|--(?:password|token)\s+|env\s+\w*(?:{_WORDS})s?\s+"
    r"|(?:\s-u|--user)[\s=]+[^\s:]+:|\bsshpass\s+-p\s*|\bmysql\w*\s[^\n]*?-p)"
    r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;)]+)",
    re.IGNORECASE,
)
#: A secret in a string: in JSON, the query of a URL or the address of a database.
_IN_STRING = re.compile(
    rf"(?P<before>(?:(?:\b|_)(?:{_CERTAIN})s?|[?&](?:[\w-]*signature|sig|key))"
    r"(?:\\?[\"'])?\s*[=:]\s*(?:\\?[\"'])?)(?P<value>(?!%)[^\s\"'\\,;)&{}]+)",
    re.IGNORECASE,
)
#: Secrets that are recognised by their form.
_BY_FORM = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{20,}"
    r"|hf_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)|(?<=hooks\.slack\.com/services/)[\w/-]+"
    r"|(?<=PRIVATE KEY-----).+?(?=-----END )",
    re.DOTALL,
)
_IN_URL = re.compile(r"(?<=://)([^\s/:@'\"]*):([^\s/@'\"]+)@")


def without_secrets(text: str, tree: ast.Module | None) -> str:
    """Return the text of a cell without secrets.

    Args:
        text: The text of a cell.
        tree: Its syntax tree, with the positions of the text; None if it has none.
    """
    text = hide_in_text(text) if tree is None else _replace(text, [*_secrets(tree)])
    return _IN_URL.sub(rf"\1:{HIDDEN}@", _BY_FORM.sub(HIDDEN, text))


def hide_in_text(text: str) -> str:
    """Return a string that is not Python without the values given to secret names."""

    def hidden(match: re.Match[str]) -> str:
        value = match["value"]
        quote = value[0] if value[0] in "\"'" else ""
        return f"{match['before']}{quote}{HIDDEN}{quote}"

    return _IN_TEXT.sub(hidden, text)


def hide_in_string(text: str) -> str:
    """Return a string literal without the values that it gives to secret names.

    Args:
        text: The literal as it is written, with its quotes.
    """
    return _IN_STRING.sub(rf"\g<before>{HIDDEN}", text)


def _secrets(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the literals that are given to secret names, and their repetitions."""
    known: set[bytes] = set()
    for node in ast.walk(tree):
        for name, value in _given(node):
            if _SECRET.search(name):
                numbers = _PASSWORD.search(name) is not None
                found = [*_literals(value, numbers=numbers)]
                yield from found
                if _ONLY_SECRET.search(name):
                    known.update(map(_as_bytes, found))
    known = {secret for secret in known if len(secret) >= _SHORTEST_REPEATED}
    if known:
        yield from _repeated(tree, known)


def _as_bytes(node: ast.AST) -> bytes:
    """Return the bytes of a string literal; none for another node."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    return value if isinstance(value, bytes) else b""


def _repeated(tree: ast.Module, known: set[bytes]) -> Iterator[ast.expr]:
    """Yield the strings that are, or contain, a known secret."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        strings = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = b" ".join(map(_as_bytes, strings))
        if isinstance(node, ast.expr) and any(secret in text for secret in known):
            yield node
        elif not isinstance(node, ast.JoinedStr):
            # Before Python 3.12, the parts of an f-string have no usable positions.
            waiting.extend(ast.iter_child_nodes(node))


@singledispatch
def _given(node: ast.AST) -> Iterator[_Given]:  # noqa: ARG001  # of other nodes
    """Yield the names that a node gives values to, with the values."""
    yield from ()


@_given.register
def _(node: ast.Assign) -> Iterator[_Given]:
    for target in node.targets:
        yield from _assigned(target, node.value)


@_given.register(ast.AnnAssign)
@_given.register(ast.AugAssign)
@_given.register(ast.NamedExpr)
def _(node: ast.AnnAssign | ast.AugAssign | ast.NamedExpr) -> Iterator[_Given]:
    if node.value is not None:
        yield _name(node.target), node.value


@_given.register
def _(node: ast.keyword) -> Iterator[_Given]:
    yield node.arg or "", node.value


@_given.register
def _(node: ast.Dict) -> Iterator[_Given]:
    for key, value in zip(node.keys, node.values, strict=True):
        yield _name(key), value


@_given.register
def _(node: ast.Compare) -> Iterator[_Given]:
    for value in node.comparators:
        yield _name(node.left), value
    yield _name(node.comparators[0]), node.left


@_given.register
def _(node: ast.arguments) -> Iterator[_Given]:
    positional = [*node.posonlyargs, *node.args][::-1]
    for parameter, default in zip(positional, node.defaults[::-1], strict=False):
        yield parameter.arg, default
    for parameter, value in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        if value is not None:
            yield parameter.arg, value


@_given.register
def _(node: ast.Call) -> Iterator[_Given]:
    function = _name(node.func)
    if function in _LOGINS:
        first = 0 if len(node.args) == 1 and function != "connect" else 1
        for value in node.args[first:]:
            yield "password", value
    elif function not in _PLACES:
        for value in node.args:
            yield function, value
        for key, value in pairwise(node.args):  # setdefault("token", "f00d")
            yield _name(key), value


@_given.register
def _(node: ast.Tuple) -> Iterator[_Given]:
    if len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
        yield _name(node.elts[0]), node.elts[1]  # ("token", "f00d")


@_given.register(ast.For)
@_given.register(ast.AsyncFor)
@_given.register(ast.comprehension)
def _(node: ast.For | ast.AsyncFor | ast.comprehension) -> Iterator[_Given]:
    for name, value in _assigned(node.target, node.iter):
        if name not in ("key", "keys"):  # such loops are common
            yield name, value


@_given.register
def _(node: ast.Match) -> Iterator[_Given]:
    for case in node.cases:
        for pattern in ast.walk(case.pattern):
            if isinstance(pattern, ast.MatchValue):
                yield _name(node.subject), pattern.value


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[_Given]:
    several = ast.Tuple | ast.List
    if not isinstance(target, several):
        yield _name(target), value
    elif isinstance(value, several) and len(value.elts) == len(target.elts):
        for part, given in zip(target.elts, value.elts, strict=True):
            yield from _assigned(part, given)
    else:
        for part in target.elts:
            yield _name(part), value


def _name(node: ast.expr | None) -> str:
    """Return the last part of a name, or the string that is a key."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _name(node.slice) or _name(node.value)
    if isinstance(node, ast.Starred):
        return _name(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _literals(value: ast.expr, *, numbers: bool) -> Iterator[ast.expr]:
    """Yield the literals that a value is made from."""
    if isinstance(value, ast.JoinedStr):
        yield value
    elif isinstance(value, ast.Constant):
        number = numbers and type(value.value) in (int, float)
        if number or (isinstance(value.value, str | bytes) and value.value):
            yield value
    else:
        for part in _parts(value):
            yield from _literals(part, numbers=numbers)


def _parts(value: ast.expr) -> list[ast.expr]:
    """Return the expressions whose values a value contains."""
    if isinstance(value, ast.Subscript | ast.Attribute | ast.Lambda | ast.Compare):
        return []
    if isinstance(value, ast.Dict):
        return value.values
    if isinstance(value, ast.Call):
        if _name(value.func) in _PLACES:
            return []
        parts = [*value.args, *(keyword.value for keyword in value.keywords)]
        if isinstance(value.func, ast.Attribute):  # "f00d".strip()
            parts.append(value.func.value)
        return parts
    return [c for c in ast.iter_child_nodes(value) if isinstance(c, ast.expr)]


def _replace(text: str, literals: list[ast.expr]) -> str:
    """Replace literals in code; positions count the bytes of UTF-8."""
    lines = [line.encode() for line in text.split("\n")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    content = b"\n".join(lines)
    spans: dict[int, tuple[int, bytes]] = {}
    for node in literals:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        spans[begin] = (end, _substitute(node))
    kept: list[bytes] = []
    last = 0
    for begin in sorted(spans):
        if begin >= last:  # not inside an f-string that is replaced
            end, substitute = spans[begin]
            kept += [content[last:begin], substitute]
            last = end
    return b"".join([*kept, content[last:]]).decode()


def _substitute(node: ast.expr) -> bytes:
    value = node.value if isinstance(node, ast.Constant) else ""
    return repr(HIDDEN.encode() if isinstance(value, bytes) else HIDDEN).encode()
