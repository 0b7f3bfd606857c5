"""Chinese beside English: what the command line says, in the language of whoever reads it.

Programs say everything in English. Where a person reads Chinese, a sentence is looked up in
`zh.toml` on its way to the screen: first as it is, then as one of the templates, whose `{}` stand
for what was put in. What is in neither stays English, and a test finds it. What programs read
(`--json`, logs, names of columns in files) is the same in every language.
"""

import functools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final, NamedTuple

from config.cells import cell_count

CATALOGUE: Final = Path(__file__).with_name("zh.toml")
OPTION: Final = "--lang"
VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Of POSIX, the one that counts first."""
GAP: Final = "{}"
ERROR: Final = re.compile(r"(?P<named>error )?(?P<code>E-[A-Z0-9-]+): (?P<sentence>.*)", re.DOTALL)
"""An error as `config.errors.told` spells it."""
OWN_WORD: Final = re.compile(r"[A-Za-z]{2,}|=")
OWN_WORDS_MIN: Final = 2
"""A template with fewer, and none before what is put in, takes words and amounts only."""
ANYTHING: Final = r"(.*?)"
ONE_WORD: Final = r"(\S*?(?: [A-Z][A-Z:]{0,2})?)"
"""Or an amount with its unit."""
WORDS: Final = "put in"
"""The table of the catalogue with words that stand alone in a sentence's gap."""
SYSTEM: Final = "of the system"
"""The table of the catalogue with what the operating system and TLS say of a failure."""
MESSAGES: Final = "of messages"
"""The table of the catalogue with the names of fields and what their values mean."""
OWN_CHINESE: Final = re.compile(r"[ -~]+?([\u4e00-\u9fff].*)")
"""What is said in both languages, the Chinese behind."""
OF_SETTINGS: Final = "E-SETTINGS"
PLACED: Final = re.compile(
    r"(?P<where>(?:[^:]+\.toml|\S*[./\]]\S*|[a-z_]+): )(?P<what>\S+ .*)", re.DOTALL
)
"""What is wrong with a file, a table or a setting, behind its name."""
ALONE: Final = re.compile(r"\w+")
TAIL: Final = re.compile(r"[ ,;.]")
COUNTED: Final = re.compile(r"(?P<count>[\d,.]+ )(?P<what>\D+)")
CURE: Final = "Next"
"""Of a sentence that says what to type next."""
BETWEEN: Final = re.compile(r"( {2,}| \+ )")
"""Of two columns of a line, or of a sum."""


class Language(StrEnum):
    """The languages there are."""

    ENGLISH = "en"
    CHINESE = "zh"


def language_of(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> Language:
    """The language of a command line: what it asks for, else what the environment says."""
    asked = (
        following if word == OPTION else word.removeprefix(f"{OPTION}=")
        for word, following in zip_longest(words, words[1:], fillvalue="")
        if word.partition("=")[0] == OPTION
    )
    told = (environ[name] for name in VARIABLES if environ.get(name))
    language = next(chain(asked, told), "")
    return Language.CHINESE if language.lower().startswith("zh") else Language.ENGLISH


class Speech:
    """What is said from here on, in one language."""

    def __init__(self, language: Language = Language.ENGLISH) -> None:
        self.language = language

    def said(self, text: str) -> str:
        """A sentence, a heading or a help text in this language."""
        return text if self.language is Language.ENGLISH else chinese_of(text)

    def of_message(self, text: str) -> str:
        """The name of a field, what its value means, or what is wrong with it."""
        return text if self.language is Language.ENGLISH else chinese_of_message(text)


speech: Final = Speech()
"""The process's own; `config.cli.app.main` sets its language before anything is said."""


def tell(text: str) -> None:
    """Print a line that a person reads, and no program."""
    import typer

    typer.echo(speech.said(text))


def chinese_of(text: str) -> str:
    """The Chinese of a text, or the text."""
    error = ERROR.fullmatch(text)
    if error is not None:
        named = "错误 " if error["named"] else ""
        sentence = error["sentence"]
        found = _placed(sentence) if error["code"] == OF_SETTINGS else None
        return f"{named}{error['code']}: {found or _sentence(sentence) or sentence}"
    found = _catalogue().sentences.exact.get(text)
    if found is None and not BETWEEN.search(text):
        found = _sentence(text) or _sentence(_unfolded(text)) or _placed(text)
    return found or "".join(_columns(text))


def chinese_of_message(text: str) -> str:
    """The Chinese of what is told of a message, as far as it has one."""
    texts = _catalogue().messages
    whole = texts.chinese_of(text, chinese_of_message)
    if whole is not None:
        return whole
    if "; " in text:
        return "；".join(dict.fromkeys(map(chinese_of_message, text.split("; "))))
    own = OWN_CHINESE.fullmatch(text)
    if own is not None:
        return own[1]
    return "，".join(map(chinese_of_message, text.split(", "))) if ", " in text else text


def _sentence(text: str) -> str | None:
    """As one text of the catalogue; None: it is none."""
    return _catalogue().sentences.chinese_of(text, PutIn)


def _placed(text: str) -> str | None:
    """What is wrong with something that is named before it; None: that is not told so."""
    told = PLACED.fullmatch(text)
    if told is None:
        return None
    what = _placed(told["what"]) or chinese_of(told["what"])
    return told["where"] + what if what != told["what"] else None


class PutIn(str):
    """What stands in a gap: `{}` says it in Chinese, `{!s}` leaves it as somebody has named it."""

    __slots__ = ()

    def __format__(self, _form: str) -> str:
        return _put_in(str(self))


def _put_in(text: str) -> str:
    """A lone word is a name, or of a command, unless it is known as ours."""
    if ALONE.fullmatch(text):
        return _catalogue().words.get(text, text)
    return _of_system(text) or chinese_of(text)


def _of_system(text: str) -> str | None:
    """As the operating system says it, whose capitals we do not always keep; None: it does not."""
    told = _catalogue().system
    return told.exact.get(text.lower()) or told.chinese_of(text, PutIn)


def _columns(text: str) -> Iterator[str]:
    """A line whose parts stand at a distance, part by part, each in as many cells as before."""
    parts = BETWEEN.split(text)
    counted = COUNTED.fullmatch(text)
    if len(parts) == 1:
        yield text if counted is None else counted["count"] + chinese_of(counted["what"])
        return
    for part, blank in zip_longest(parts[::2], parts[1::2], fillvalue=""):
        chinese = chinese_of(part) if part else part
        missing = cell_count(part) + len(blank) - cell_count(chinese)
        yield chinese + (blank if blank.strip() else " " * max(missing, 2) if blank else "")


def _unfolded(text: str) -> str:
    """A help text without the line ends of its source."""
    return " ".join(text.split())


class Template:
    """A text of the catalogue with gaps; one that begins with a mark is the tail of a sentence."""

    def __init__(self, english: str, chinese: str, *, takes_anything: bool = False) -> None:
        self.english = english
        self._takes_anything = takes_anything
        self.needle = max(english.split(GAP), key=len)
        """Where it is not, nothing has to be compared."""
        self._is_tail = TAIL.match(english) is not None
        self.chinese = f"{GAP}{chinese}" if self._is_tail else chinese

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """Its gaps take anything where it has words enough to be known by, else a word."""
        own = len(OWN_WORD.findall(self.english))
        is_sure = self._is_tail or not self.english.startswith(GAP) or own >= OWN_WORDS_MIN
        gap = ANYTHING if is_sure or self._takes_anything else ONE_WORD
        pattern = gap.join(map(re.escape, self.english.split(GAP)))
        return re.compile(f"(.*){pattern}" if self._is_tail else pattern, re.DOTALL)


class Texts(NamedTuple):
    """Texts of one table, as they are or with gaps."""

    exact: Mapping[str, str]
    templates: Sequence[Template]
    """Those with a cure, then those with most words of their own, first."""

    def chinese_of(self, text: str, put_in: Callable[[str], str]) -> str | None:
        """The Chinese of one of them; None: it is none."""
        if text in self.exact:
            return self.exact[text]
        for template in self.templates:
            match = template.pattern.fullmatch(text) if template.needle in text else None
            if match is not None:
                return template.chinese.format(*map(put_in, match.groups()))
        return None


class Catalogue(NamedTuple):
    """What `zh.toml` has."""

    sentences: Texts
    words: Mapping[str, str]
    """Lone words of ours that are put into sentences."""
    system: Texts
    """What the operating system says, in small letters, where it is put into a sentence."""
    messages: Texts
    """Names of fields, and what values mean."""


@functools.cache
def _catalogue() -> Catalogue:
    import tomllib

    from host.model.responses import RESPONSE_CODES

    rows = tomllib.loads(CATALOGUE.read_text("utf-8"))
    words, system, messages = rows.pop(WORDS), rows.pop(SYSTEM), rows.pop(MESSAGES)
    sentences = _texts({**rows, **words})
    codes = {row.english: row.chinese for row in RESPONSE_CODES.values()}
    sentences = sentences._replace(exact={**codes, **sentences.exact})
    messages = _texts(messages, takes_anything=True)
    return Catalogue(sentences, words, _texts(system), messages)


def _texts(rows: Mapping[str, str], *, takes_anything: bool = False) -> Texts:
    exact = {english: chinese for english, chinese in rows.items() if GAP not in english}
    gaps = sorted(
        (english for english in rows if GAP in english or TAIL.match(english)),
        key=lambda english: (CURE not in english, -len(english.replace(GAP, ""))),
    )
    templates = [Template(one, rows[one], takes_anything=takes_anything) for one in gaps]
    return Texts(exact, templates)
