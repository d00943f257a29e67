"""Belarusian lemmas: pairs of word forms, own stemmer and an optional analyser."""

from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

from benchmarks.quality.figures import Figure
from search.analysis.keys import fold_mixed_script
from search.analysis.lemmas import stem_belarusian

OPEN_CLASSES = frozenset({"ADJ", "ADV", "INTJ", "NOUN", "PROPN", "VERB"})
OWN_BARS = 0.63, 0.85
ANALYSER_BARS = 0.75, 0.85
Stemmer = Callable[[str], frozenset[str]]


def read_forms(corpus: Path) -> dict[str, set[str]]:
    """Every form of an open class with its lemmas, as the analysis sees them."""
    path = corpus / "lang-be" / "be_hse-ud-test.conllu"
    lemmas_of: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text("utf-8").splitlines():
        columns = line.split("\t")
        if len(columns) != 10 or not columns[0].isdigit():
            continue
        form = fold_mixed_script(columns[1].lower().replace("\u0301", ""))
        if columns[3] in OPEN_CLASSES and any("\u0400" <= c <= "\u04ff" for c in form):
            lemmas_of[form].add(fold_mixed_script(columns[2].lower()))
    return lemmas_of


def pairs_of(
    lemmas_of: dict[str, set[str]], stemmer: Stemmer
) -> tuple[float, float, list[tuple[str, str]]]:
    """Recall, precision, and the pairs joined wrongly."""
    stems = {form: stemmer(form) for form in lemmas_of}
    by_lemma, by_stem = defaultdict(set), defaultdict(set)
    for form, lemmas in lemmas_of.items():
        for stem in stems[form]:
            by_stem[stem].add(form)
        for lemma in lemmas:
            by_lemma[lemma].add(form)
    wanted = {
        pair for group in by_lemma.values() for pair in combinations(sorted(group), 2)
    }
    joined = {
        pair for group in by_stem.values() for pair in combinations(sorted(group), 2)
    }
    recall = sum(not stems[a].isdisjoint(stems[b]) for a, b in wanted) / len(wanted)
    wrong = [(a, b) for a, b in joined if lemmas_of[a].isdisjoint(lemmas_of[b])]
    return recall, 1 - len(wrong) / len(joined), wrong


def _own(form: str) -> frozenset[str]:
    return frozenset({stem_belarusian(form)})


def measure(corpus: Path) -> list[Figure]:
    """Recall and precision of the own stemmer."""
    lemmas_of = read_forms(corpus)
    recall, precision, _ = pairs_of(lemmas_of, _own)
    rows = [("own stemmer, recall", recall, OWN_BARS[0])]
    rows.append(("own stemmer, precision", precision, OWN_BARS[1]))
    return [
        Figure(
            part="lemmas",
            name=name,
            value=value,
            bar=bar,
            note=f"{len(lemmas_of)} forms",
        )
        for name, value, bar in rows
    ]
