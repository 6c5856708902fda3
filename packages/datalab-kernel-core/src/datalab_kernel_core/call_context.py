"""Find the call, the argument and the string at the end of a piece of code.

The code is incomplete, so that Python cannot parse it. It is divided into strings,
names and brackets. The last of them may still be open at the cursor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf"""
      (?P<comment> \#[^\n]* )
    | (?P<string>
        (?P<prefix> [rRbBuUfF]{{0,2}} )
        (?: "{{3}} (?P<long> (?:[^\\]|\\.)*? ) "{{3}}
          | '{{3}} (?: (?:[^\\]|\\.)*? ) '{{3}}
          | "(?!"") (?P<double> (?:[^"\\\n]|\\.)* ) "
          | '(?!'') (?P<single> (?:[^'\\\n]|\\.)* ) '
        )
      )
    | (?P<begun_prefix> [rRbBuUfF]{{0,2}} ) (?P<quote> "{{3}} | '{{3}} | " | ' )
    | (?P<path> {_NAME} (?: [ \t]* \. [ \t]* {_NAME} )* )
    | (?P<open> [(\[{{] )
    | (?P<close> [)\]}}] )
    | (?P<comma> , )
    | (?P<equals> (?<![=!<>:]) = (?!=) )
    | (?P<newline> \n )
    | (?P<space> [ \t\r]+ | \\\n )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGUN_NAME = re.compile(rf"(?:{_NAME})?\Z")
_DOT = re.compile(r"\s*\.\s*")


@dataclass
class Argument:
    """An argument that is written in a call, or begun there.

    Attributes:
        keyword: Its keyword; None if it is passed by position.
        tokens: The number of tokens in its value.
        string: Its value if that is a plain string.
    """

    keyword: str | None = None
    tokens: int = 0
    string: str | None = None


@dataclass
class Bracket:
    """An open bracket.

    Attributes:
        kind: The bracket: "(", "[" or "{".
        path: The dotted name before it; empty if there is none.
        arguments: The arguments in it, separated by commas; the last is begun.
    """

    kind: str
    path: tuple[str, ...]
    arguments: list[Argument] = field(default_factory=lambda: [Argument()])


@dataclass(frozen=True)
class Place:
    """The place of the cursor in a call or subscript.

    Attributes:
        bracket: The bracket of the call or subscript.
        argument: The argument at the cursor.
        position: The number of arguments before it.
        quote: The quote of the string that is begun; None outside of strings.
        begun: The part of the string, or of the name, that is written.
    """

    bracket: Bracket
    argument: Argument
    position: int
    quote: str | None
    begun: str


def place_at_end(code: str) -> Place | None:
    """Return the place at the end of the code.

    Returns:
        The place; None unless the code ends at the beginning of an argument of a call
        or subscript of a dotted name. This may be in a string, which may also be in a
        list or tuple that is the argument.
    """
    scanner = _Scanner()
    scanner.scan(code)
    brackets, quote = scanner.brackets, scanner.quote
    begun = scanner.begun if quote is not None else _begun_name(code)
    while brackets and not brackets[-1].path:
        group = brackets.pop()
        in_list = group.kind in ("[", "(") and quote is not None
        if not in_list or group.arguments[-1].tokens:
            return None
    if not brackets or brackets[-1].kind == "{":
        return None
    bracket = brackets[-1]
    argument = bracket.arguments[-1]
    begun_tokens = 1 if quote is None and begun else 0
    if argument.tokens > begun_tokens:
        return None
    return Place(bracket, argument, len(bracket.arguments) - 1, quote, begun)


def _begun_name(code: str) -> str:
    name = _BEGUN_NAME.search(code)
    return name[0] if name else ""


class _Scanner:
    """The open brackets of a piece of code, and the string that is open at its end.

    Attributes:
        brackets: The open brackets, the innermost last; none within a string that is
            not a plain one.
        quote: The quote of the string that is open; None if there is none.
        begun: The part of that string that is written.
    """

    def __init__(self) -> None:
        self.brackets: list[Bracket] = []
        self.quote: str | None = None
        self.begun = ""
        #: The dotted name that was read last, if it can be called.
        self._path: tuple[str, ...] = ()
        self._after_dot = False

    def scan(self, code: str) -> None:
        end = 0
        while end < len(code):
            token = _TOKEN.match(code, end)
            assert token is not None, "the last alternative matches any character"
            end = token.end()
            if token["quote"] is not None:
                end = self._open_string(token, code)
            elif token.lastgroup == "newline":
                self._path = self._path if self.brackets else ()
            elif token.lastgroup not in ("comment", "space"):
                self._read(str(token.lastgroup), token)

    def _open_string(self, token: re.Match[str], code: str) -> int:
        """Read a string that does not end; return where to read on."""
        line_end = code.find("\n", token.end())
        single = len(token["quote"]) == 1
        if single and line_end >= 0:
            return line_end  # the line is not Python
        self.quote, self.begun = token["quote"], code[token.end() :]
        if token["begun_prefix"] or not single:
            self.brackets = []
        return len(code)

    def _read(self, kind: str, token: re.Match[str]) -> None:
        before, self._path = self._path, ()
        if kind == "open":
            self.brackets.append(Bracket(token[0], before))
        elif kind == "close":
            del self.brackets[-1:]
            self._count(token)
        elif kind == "comma" and self.brackets:
            self.brackets[-1].arguments.append(Argument())
        elif kind == "equals" and self.brackets and len(before) == 1:
            self.brackets[-1].arguments[-1] = Argument(before[0])
        else:
            self._count(token)
            if kind == "path" and not self._after_dot:
                self._path = tuple(_DOT.split(token[0]))
        self._after_dot = token[0] == "."

    def _count(self, token: re.Match[str]) -> None:
        """Add a token to the argument that is begun."""
        if not self.brackets:
            return
        argument = self.brackets[-1].arguments[-1]
        argument.tokens += 1
        value = token["double"] if token["single"] is None else token["single"]
        argument.string = value if argument.tokens == 1 else None
