"""Languages: Belarusian sentences, first sentences of gold pages, Łacinka."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.quality.figures import Figure
from benchmarks.quality.lacinka import to_lacinka
from search.extract.by_type import extract
from search.extract.language import identify

BAR = 0.98
FIRST_SENTENCES = 5
"""Of each gold page; shorter ones than 40 code points are captions and names."""
SHORTEST = 40
DECLARED_WRONG = {"sw": ("tz/HabariLeo",), "xh": ("za/Dizindaba", "za/IsolezweLes"),
                  "zu": ("za/EyethuNews", "za/Ilanga", "za/Isolezwe_"),
                  "de": ("il/",), "en": ("tw/",)}  # fmt: skip
"""Gold pages whose html_lang is wrong; judged by reading them."""
BY_FOLDER = {"cn": "zh", "de": "de", "jp": "ja", "tr": "tr", "uk": "en"}
"""Languages of gold pages that declare none, by country folder."""
SAME = {"nb": "no", "nn": "no"}
_CYRILLIC_WORD = re.compile("[\u0400-\u04ff]{2,}")
_CYRILLIC_LETTER = re.compile("[\u0400-\u04ff]")
_MARKUP = re.compile("<[^>]*>")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=\S)")


def belarusian_sentences(corpus: Path) -> list[str]:
    """Sentences of the treebank, without its mark-up for links."""
    text = (corpus / "lang-be" / "be_hse-ud-test.conllu").read_text("utf-8")
    return [
        _MARKUP.sub("", line.removeprefix("# text = "))
        for line in text.splitlines()
        if line.startswith("# text = ")
    ]


def gold_of(corpus: Path) -> Iterator[tuple[str, str, str]]:
    """Page, language and gold text of the publishers' news pages."""
    folder = corpus / "html-news" / "fundus"
    for row in (folder / "index.tsv").read_text("utf-8").splitlines()[1:]:
        columns = row.split("\t")
        gold = json.loads((folder / columns[5]).read_text("utf-8"))[columns[6]]
        body = gold.get("body")
        if body is None:
            continue
        lines = [*body["summary"]]
        for part in body["sections"]:
            lines += [*part["headline"], *part["paragraphs"]]
        yield columns[0], _language_of(columns[0], columns[3]), "\n".join(lines)


def gold_texts(corpus: Path) -> Iterator[tuple[str, str]]:
    """Language and gold text of each news page."""
    for _, code, text in gold_of(corpus):
        yield code, text


def gold_sentences(corpus: Path) -> Iterator[tuple[str, str]]:
    """Language and sentence, from the gold texts of news pages."""
    for code, text in gold_texts(corpus):
        for sentence in _first_sentences(text.split("\n")):
            yield code, sentence
    yield from _russian_articles(corpus)


def _russian_articles(corpus: Path) -> Iterator[tuple[str, str]]:
    path = corpus / "html-news" / "article-extraction-benchmark" / "ground-truth.json"
    for page in json.loads(path.read_text("utf-8")).values():
        text = page["articleBody"]
        if len(_CYRILLIC_WORD.findall(text)) > 50:
            for sentence in _first_sentences(text.split("\n"), most=1000):
                yield "ru", sentence


def _first_sentences(paragraphs: list[str], most: int = FIRST_SENTENCES) -> list[str]:
    sentences = [s for text in paragraphs for s in _SENTENCE.split(text)]
    return [s for s in sentences if len(s) >= SHORTEST][:most]


def _language_of(page: str, declared: str) -> str:
    for code, starts in DECLARED_WRONG.items():
        if page.startswith(starts):
            return code
    code = declared[:2].lower()
    return SAME.get(code, code) if code != "-" else BY_FOLDER[page[:2]]


def page_sentences(corpus: Path) -> Iterator[tuple[str, str]]:
    """Language and sentence of the main texts of the Russian and Ukrainian pages."""
    rows = (corpus / "dates" / "index.tsv").read_text("utf-8").splitlines()[1:]
    for name, code, *_ in (row.split("\t") for row in rows):
        if code in ("ru", "uk"):
            data = (corpus / "dates" / "pages" / name).read_bytes()
            made = extract(data, media_type="text/html")
            for line in _first_sentences(made.text[: made.main_end].split("\n"), 1000):
                yield code, line


def _latin_figure(sentences: list[str]) -> Figure:
    """Belarusian in Latin script, made of the treebank by transliteration."""
    long = [s for s in sentences if len(_CYRILLIC_LETTER.findall(s)) >= SHORTEST]
    right = sum(_found(to_lacinka(s)) == "be-Latn" for s in long)
    return Figure(
        part="language",
        name="be-Latn, treebank sentences transliterated",
        value=right / len(long),
        note=f"{right} of {len(long)}",
    )


def _found(text: str) -> str | None:
    language = identify(text)
    return language.code if language else None


def measure(corpus: Path) -> list[Figure]:
    """Share of sentences whose language is found, language by language."""
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    wrong = defaultdict(list)
    sentences = belarusian_sentences(corpus)
    worded = [s for s in sentences if _CYRILLIC_WORD.search(s)]
    pairs = [
        *gold_sentences(corpus),
        *page_sentences(corpus),
        *(("be", s) for s in worded),
    ]
    for code, sentence in pairs:
        seen[code] += 1
        found = _found(sentence)
        right[code] += found == code
        if found != code:
            wrong[code].append(found)
    figures = [
        Figure(
            part="language",
            name="be, sentences with a Cyrillic word",
            value=right["be"] / seen["be"],
            bar=BAR,
            note=f"{right['be']} of {seen['be']}",
        ),
        Figure(
            part="language",
            name="be, all lines (links, Latin names, numbers too)",
            value=sum(_found(s) == "be" for s in sentences) / len(sentences),
            note=f"of {len(sentences)}",
        ),
    ]
    figures.append(_latin_figure(sentences))
    others = {code: count for code, count in seen.items() if code != "be"}
    figures.append(
        Figure(
            part="language",
            name="first sentences of gold pages, all languages",
            value=sum(right[code] for code in others) / sum(others.values()),
            bar=BAR,
            note=f"{len(others)} languages, {sum(others.values())} sentences",
        )
    )
    return figures + [
        Figure(
            part="language",
            name=code,
            value=right[code] / count,
            bar=BAR if code in ("ru", "uk") else None,
            note=f"{right[code]} of {count}"
            + "".join(f"; {n} as {one}" for one, n in Counter(wrong[code]).items()),
        )
        for code, count in sorted(others.items(), key=lambda item: -item[1])
    ]
