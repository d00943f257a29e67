"""The catalogs: complete, used, alike in what they fill in; plurals, numbers, dates."""

import re
import string
import tomllib
from datetime import date
from pathlib import Path

import pytest
from babel import Locale

from archive.capture import CaptureOutcome
from archive.claim import CLAIM, DOES_NOT_PROVE
from archive.verify.reporting.steps import STEPS
from tests.unit.archive.verify.test_codes import codes
from web.wording.languages import CODES, ENGLISH, LANGUAGES, Language
from web.wording.prefix import choose

ROOT = Path(__file__).parents[3]
FORMS = {"en": {"one", "other"}, "be": {"one", "few", "many"}}
FORMS["ru"] = FORMS["be"]
"""Plural forms of whole numbers (CLDR)."""
PLURAL = re.compile(r"\.(one|few|many|other)$")
CYRILLIC = re.compile("[а-яёіўґ]", re.IGNORECASE)


def used() -> tuple[set[str], set[str], set[str]]:
    """Ids named whole, those of plurals, and beginnings of ids put together."""
    whole: set[str] = set()
    plural: set[str] = set()
    begun: set[str] = set()
    name = r"([a-z0-9.-]+)"
    for path in (ROOT / "web").rglob("*"):
        if path.suffix not in (".html", ".py"):
            continue
        text = path.read_text(encoding="utf-8")
        whole |= set(re.findall(rf'\b(?:t|text_of|text)\(\s*"{name}"[,)]', text))
        plural |= set(re.findall(rf'\b(?:n|count)\(\s*"{name}", ', text))
        begun |= set(re.findall(rf'\bt\("{name}" ~', text))
        begun |= set(re.findall(r'\b(?:text_of|text)\(\s*f"([a-z0-9.-]+)\{', text))
        begun |= set(re.findall(rf'\bn\("{name}" ~', text))
    return whole, plural, begun


def bases(code: str) -> dict[str, set[str]]:
    """Ids with plural forms, and the forms they have."""
    found: dict[str, set[str]] = {}
    for name in LANGUAGES[code].messages:
        if f"{PLURAL.sub('', name)}.one" in LANGUAGES[code].messages:
            base, _, form = name.rpartition(".")
            found.setdefault(base, set()).add(form)
    return found


def test_every_message_used_exists_and_every_message_is_used() -> None:
    whole, plural, begun = used()
    single = {n for n in ENGLISH.messages if PLURAL.sub("", n) not in bases("en")}
    assert whole - single == set()
    assert plural - bases("en").keys() == set()
    unused = {
        name
        for name in (single - whole) | (bases("en").keys() - plural)
        if not name.startswith(tuple(begun))
    }
    assert unused == set()


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_has_the_ids_of_the_english_one(code: str) -> None:
    def singles(one: str) -> set[str]:
        plural = bases(one)
        return {
            n for n in LANGUAGES[one].messages if PLURAL.sub("", n) not in plural
        } | plural.keys()

    assert singles(code) == singles("en")
    for name, forms in bases(code).items():
        assert forms == FORMS[code], name


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_fills_in_what_the_english_one_fills_in(code: str) -> None:
    def filled(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = {
        PLURAL.sub("", name): filled(text) for name, text in ENGLISH.messages.items()
    }
    for name, text in LANGUAGES[code].messages.items():
        assert filled(text) <= english[PLURAL.sub("", name)], name
        if not PLURAL.search(name):
            assert filled(text) == english[name], name


@pytest.mark.parametrize("code", sorted(set(CODES) - {"en"}))
def test_a_catalog_is_translated(code: str) -> None:
    same = {
        name
        for name, text in LANGUAGES[code].messages.items()
        if text and not CYRILLIC.search(text) and len(re.findall("[A-Za-z]", text)) > 12
    }
    assert same <= UNTRANSLATED


UNTRANSLATED = {
    "claim.sentence",
    "claim.imported",
    "headline.verbatim",
    "cite.formats",
    "time.local",
}
"""Quoted word for word everywhere; names of formats are names."""


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_says_each_thing_once(code: str) -> None:
    path = ROOT / "web" / "translations" / f"{code}.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert all(
        isinstance(text, str) for one in tables.values() for text in one.values()
    )


def test_the_claim_is_word_for_word_in_every_language() -> None:
    for language in LANGUAGES.values():
        assert language.text("claim.sentence") == CLAIM
    for number, text in enumerate(DOES_NOT_PROVE):
        assert ENGLISH.text(f"proves-not.{number}").rstrip(".").lower() == text.lower()


def test_every_outcome_has_words() -> None:
    for outcome in CaptureOutcome:
        assert ENGLISH.text(f"outcome.{outcome.value}")


def test_every_step_and_every_code_of_a_finding_has_words() -> None:
    for number in STEPS:
        assert ENGLISH.text(f"step.{number}") == STEPS[number].title
        assert ENGLISH.text(f"step.{number}.means")
    wanting = {code for code in codes() if not ENGLISH.has(f"code.{code}")}
    assert wanting == {"holds"}


@pytest.mark.parametrize("code", CODES)
def test_nothing_claims_that_a_site_published_something(code: str) -> None:
    texts = " ".join(LANGUAGES[code].messages.values()).lower()
    for words in (
        "proof that the site published",
        "доказательство, что сайт опубликовал",
        "доказ, што сайт апублікаваў",
    ):
        assert words not in texts


@pytest.mark.parametrize(
    ("prefix", "accepted", "code", "base"),
    [
        ("be", "ru", "be", "/be"),
        (None, "", "en", ""),
        (None, "de", "en", ""),
        (None, "be-BY,be;q=0.9,en;q=0.8", "be", ""),
        (None, "en;q=0.3, ru;q=0.7", "ru", ""),
        (None, "ru;q=0", "en", ""),
        (None, "ru;q=x,be;q=0.1", "be", ""),
        (None, "ru;level=1", "en", ""),
        (None, ",;,=;q", "en", ""),
    ],
)
def test_the_language_is_that_of_the_prefix_or_the_browser(
    prefix: str | None, accepted: str, code: str, base: str
) -> None:
    choice = choose(prefix, accepted, ("en", "be", "ru"))
    assert (choice.code, choice.base) == (code, base)


def language(code: str) -> Language:
    messages = {f"size.bytes.{form}": "{count} " + form for form in FORMS[code]}
    return Language(
        code=code,
        locale=Locale(code),
        messages={**messages, "size.kib": "{size} KiB"},
    )


@pytest.mark.parametrize(
    ("code", "written", "size", "day", "plurals"),
    [
        ("en", "1,234,567", "1.5 KiB", "January 26, 2025", 2),
        ("be", "1\xa0234\xa0567", "1,5 KiB", "26 студзеня 2025", 3),
        ("ru", "1\xa0234\xa0567", "1,5 KiB", "26 января 2025", 3),
    ],
)
def test_numbers_sizes_days_and_plurals_follow_the_language(
    code: str, written: str, size: str, day: str, plurals: int
) -> None:
    one = language(code)
    assert one.number(1234567) == written
    assert one.size(1536) == size
    assert one.long_date(date(2025, 1, 26)).startswith(day)
    forms = {one.size(count).split()[1] for count in (1, 2, 3, 5, 11, 21)}
    assert len(forms) == plurals
    assert len(one.weekdays()) == 7


def test_an_unknown_message_is_our_fault() -> None:
    with pytest.raises(AssertionError, match="no message nothing"):
        ENGLISH.text("nothing")


@pytest.mark.parametrize("tag", ["be-Latn", "be-latn"])
def test_a_language_in_another_script_is_told_from_the_usual_one(tag: str) -> None:
    """Counts beside a search fold the case of what they count."""
    assert ENGLISH.language_name("be") == "Belarusian"
    assert ENGLISH.language_name(tag) == "Belarusian (Latin)"
    assert ENGLISH.language_name("qqq-zz") == "qqq-zz"
