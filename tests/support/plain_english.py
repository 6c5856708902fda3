"""The wordings that the prose of the sources avoids, and what to write in their place.

The words themselves are in `docs/glossary.md`. Grow the table when a wording reads as
if it were translated; check a new pattern on the sources of other packages first, where
it should match almost nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """A wording to avoid, and the wording to use in its place."""

    pattern: re.Pattern[str]
    instead: str


def _rules(table: dict[str, str], flags: int = re.IGNORECASE) -> list[Rule]:
    """Compile patterns; a blank in one also matches the end of a line."""
    return [
        Rule(re.compile(pattern.replace(" ", r"\s"), flags), instead)
        for pattern, instead in table.items()
    ]


#: The words that have no place on any page either.
HARD = _rules(
    {
        r"\bwires?\b": "protocol",
        r"\btold\b": "a verb that says it: report, return, notify, show, pass",
        r"\banew\b": "again, a new …",
        r"\bthrice\b": "three times",
        r"(?<!bounding )(?<!check )(?<!text )(?<!combo )(?<!of the )(?<!of-)(?<!the-)"
        r"(?<!-)\bbox(es)?\b(?! plot|-)": "dialog",
    }
)

SOFT = _rules(
    {
        # -- telling and saying
        r"\btell(s|ing)? (of|all|no|whether|which|that|how|what|about|it)\b": (
            "report, return, show"
        ),
        r"\btells?(?= [a-z]*s\b)(?! apart| us)": "report, return, list",
        r"\b(know[ns]?|says?|said|learn(s|t)?|asked|shown|remembered) of\b": (
            "know X, say about X: name the thing as the verb's object"
        ),
        r"\bnothing says\b": "state who or what defines it",
        # -- existence
        r"\bthat there (is|are|was|were)\b": "available, existing, or drop it",
        r"\bwhat there (is|are|was|were)\b": "the objects, the names: name the thing",
        r"\bwhat (is|was|are) (there|so)\b": "name the thing",
        r"\b(is|are|was|were) not there\b": "does not exist, is missing",
        r"\bto be had\b|\bcan be had\b": "available",
        r"\bwhere there (is|are|was|were) (no|none|one|any)\b": "if there is no …",
        r"\b(none|empty|nothing|missing|\"\"),? where\b": "None if …",
        r"\bwhere not[.,;:]": "otherwise",
        # -- negation
        r"(?<!there )(?<!there's )\b(is|are|was|were) no "
        r"(?!longer\b|less\b|different\b|one\b|extra\b|\w+er than\b|more than\b)": (
            "is not a …"
        ),
        r"\b(is|are|was|were) (?-i:none) of\b": "is not one of",
        r"(?<!there )\b(is|are|was|were) (?-i:none)(?=[.,;:)]|$)": (
            "is not one; name it"
        ),
        r"\bnothing any more\b|\bany more(?=[.,;:)]|$)": "no longer",
        r"(?<!there is )(?<!there are )\bno more(?=[.,;:)]|$)": "no longer",
        r"\bsomething but\b": "something other than",
        # -- of
        r"\bcomput(e|es|ed|ing)( it| this| that| something)? of\b": "compute X from Y",
        r"\b(become|becomes|became|come|comes|came|bring|brings|makes|asked) of\b": (
            "the object of the verb comes first"
        ),
        r"\b(?<!regardless )(?<!irrespective )(?<!independent )(of|by|among) what\b": (
            "name the thing"
        ),
        r"(,| and| or) of which\b": "split the sentence",
        r"\bof (?:the )?\w[\w-]*'s(?=[.,;:)]|$| (?:that|which|are|is|and|or|in|to|for"
        r"|holds?|may|can)\b)": "a DataLab dtype, not a dtype of DataLab's",
        r"\bof (ours|yours|theirs)\b": "our …, your …",
        # -- pronouns and particles
        r"\b(of|or) the (latter|former)\b": "repeat the noun",
        r"\bthe (former|latter) (is|are|raises?|has|have)\b": "repeat the noun",
        r"\bwhich of the two\b": "which one",
        r"\bwhoever\b": "the caller, anyone who",
        r"\bwhatever (becomes?|came|comes|it|is|was|he|they|this|there)\b": "name it",
        r"\b(nobody|somebody)\b": "no one; or name the program",
        r"\bsuch a one\b|\bof such(?=[.,;:)]|$)": "repeat the noun",
        r", an? \w+ each\b": "one per line, one for each …",
        r"\bfor such(?=[.,;:)]|$)": "repeat the noun",
        # -- verbs
        r"\bbears?\b": "has",
        r"\bbe (it|they)\b(?= \w+ or\b|,| a)": "drop it",
        r"\b(is|are|was|were) (not )?to be\b": "must be, will be, or the active voice",
        r"\b(nothing|if) need be\b": "is needed, must be",
        r"\bhave (it|them|that|this) (done|called|read|run|made)\b": "X is done",
        r"\blet go\b": "release",
        r"\b(go|goes|went|going) on(?=[.,;:)]|$| with\b| until\b| \w+ing\b)": (
            "continue, keep"
        ),
        r"\bmend(s|ed|ing)?\b": "repair, correct",
        r"\bstands? aside\b": "does not apply, is inactive",
        r"\bse(e|es|en) to (it|that|this)\b": "make sure, handle",
        r"\b(take|takes|took|taken) (it|them|this|that) for\b": "treat X as",
        r"\btaken for (an?|the|one|its|text)\b": "mistaken for, treated as",
        r"\bcomes? about\b": "is created, happens",
        r"\bas (\w+('s)? )?ha(s|ve) (it|them)\b": "as X stores it, in the form of X",
        r"\bcalled so\b": "has this name",
        # -- adverbs and idioms
        r"\bbeside\b": "next to, in addition to, along with",
        r"\bmeanwhile\b": "in the meantime, or drop it",
        r"\bhere and there\b": "in several places",
        r"\bso many\b": "that many, or the number",
        r"\bfor ever\b": "forever, indefinitely",
        r"\bin vain\b": "without success",
        r"\bseldom\b": "rarely",
        r"\blikewise\b": "repeat the verb",
        r"\bin the place of\b": "in place of; replace",
        r"\bat hand\b": "available, in memory",
        r"\bthen and there\b": "immediately",
        r"\bin (its|their) turn\b": "in order",
        r"\b(wherein|whereupon|whence|lest|amid|askew|afresh|forthwith|hitherto)\b": (
            "an everyday word"
        ),
        # -- strings
        # An attribute or argument may have this name in its section of a docstring.
        r"\btexts\b(?!:)": "strings",
        r"\ba text\b"
        r"(?! (file|editor|format|field|cell|chunk|node|area|input|mode|or))": (
            "a string"
        ),
        r"\btext keys\b": "string keys",
    }
)

#: First words of a docstring, by what it documents.
_RIDDLE = r"(what|how|where|whether|when|which|who|whoever|whose|why)\b"
_VERB = (
    r"(knows?|keeps|runs|makes|sends|answers|does|counts|traces|puts|takes|gives|has"
    r"|stands|collects|calls|writes|reads|holds|brings|waits|shows|looks|draws|lets)\b"
)
OPENINGS = {
    "module": _rules(
        {_RIDDLE: "begin with a noun phrase: 'The …', or 'Read and write …'"}
    ),
    "class": _rules(
        {
            _RIDDLE: "begin with a noun phrase: 'The capabilities of a backend.'",
            _VERB: "begin with a noun phrase: 'The sender of …', 'A list of …'",
        }
    ),
    "function": _rules(
        {
            _RIDDLE: "begin with an imperative: 'Return whether …'",
            r"(tell|say|have)\b": (
                "begin with another verb: Return, Report, Set, Make"
            ),
            r"return (what|how|where|for|in what|of what)\b": (
                "'Return the …': name what is returned"
            ),
        }
    ),
    "property": _rules(
        {
            r"(what|how|where|which|who|whoever|why|tell|say)\b": (
                "begin with a noun phrase or 'Whether …'"
            )
        }
    ),
}

#: Words for what a module does: a module is named for its subject.
NOUNS = {
    "drawing", "encoding", "listing", "mapping", "naming", "processing", "routing",
    "staging", "testing", "warning",
}  # fmt: skip
OLD_NAMES = {
    "foreign", "forms", "glimpse", "keepsakes", "lineage", "looks", "outline",
    "overview", "persistence", "places", "plain", "subjects", "transfer", "wires",
}  # fmt: skip

#: "What" in place of a noun is the mark of a riddle: in plain technical English it is
#: one word in a thousand. A parameter that has this name is not counted.
WHAT = re.compile(r"(?<!`)\bwhat\b(?!`|: )", re.IGNORECASE)
MOST_WHAT = 3
WHAT_PER_WORD = 4 / 1000
