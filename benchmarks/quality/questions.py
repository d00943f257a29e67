"""The evidence questions, passage mode: every line of the texts is a document.

recall@10 and nDCG@10 as the README of the questions counts them, beside plain BM25
over any lemma of any word in the same index.
"""

import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.quality.figures import Figure
from benchmarks.quality.passages import PassageIndex
from search.analysis.lemmas import query_lemmas
from search.analysis.tokens import tokenize

PAGE = 10
ABOVE_BASELINE = 0.10
OTHER_RECALL_BAR = 0.50
AIMS = "aim .90 and .80"
OTHER_AIM = "aim .70"
Ranking = Callable[[str], list[str]]
Scores = dict[str, dict[str, tuple[float, float]]]
"""By language, then question: recall@10 and nDCG@10."""


def read_questions(corpus: Path) -> list[dict[str, Any]]:
    """The questions with their queries and graded passages."""
    data = json.loads((corpus / "questions" / "questions.json").read_text("utf-8"))
    questions: list[dict[str, Any]] = (
        data["questions"] if isinstance(data, dict) else data
    )
    return questions


def passage_index(corpus: Path, folder: Path) -> PassageIndex:
    """Every line that is not empty, as a document; its language is detected."""
    index = PassageIndex(folder)
    for path in sorted((corpus / "seeds").glob("*.txt")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip():
                index.add(f"{path.name}:{number}", line)
    index.commit()
    return index


def grades_of(question: dict[str, Any]) -> dict[str, int]:
    """Grade of each expected passage, by its address."""
    return {
        f"{Path(one['file']).name}:{one['line']}": one["grade"]
        for one in question["expected"]
    }


def score(found: list[str], grades: dict[str, int]) -> tuple[float, float]:
    """recall@10 of the good passages, and nDCG@10."""
    good = [uri for uri, grade in grades.items() if grade >= 2]
    recall = sum(uri in good for uri in found) / min(PAGE, len(good))
    gains = [2 ** grades.get(uri, 0) - 1 for uri in found]
    ideal = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:PAGE]
    return recall, _discounted(gains) / _discounted(ideal)


def _discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def ask(corpus: Path, rank: Ranking) -> Scores:
    """Ask every question in every language."""
    scores: Scores = defaultdict(dict)
    for question in read_questions(corpus):
        for language, query in question["queries"].items():
            found = rank(query)
            scores[language][question["id"]] = score(found, grades_of(question))
    return scores


def baseline(index: PassageIndex, query: str) -> list[str]:
    """BM25 over any lemma of any word."""
    words = [token.word for token in tokenize(query)]
    lemmas = tuple(lemma for word in words for lemma in query_lemmas(word))
    return index.any_token("lemma", lemmas)


def mean(rows: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """Mean recall and mean nDCG over the questions."""
    count = len(rows)
    return sum(r for r, _ in rows.values()) / count, sum(
        n for _, n in rows.values()
    ) / count


def wrong_ones_above(corpus: Path, rank: Ranking) -> tuple[int, int]:
    """English: hard negatives above the first best passage, and in the first ten."""
    above = inside = 0
    for question in read_questions(corpus):
        found = rank(question["queries"]["en"])
        grades = grades_of(question)
        wrong = {
            f"{Path(n['file']).name}:{n['line']}" for n in question["hard_negatives"]
        }
        places = [at for at, uri in enumerate(found) if grades.get(uri) == 3]
        first = min(places, default=PAGE)
        inside += sum(uri in wrong for uri in found)
        above += sum(uri in wrong for uri in found[:first])
    return above, inside


def measure(corpus: Path) -> list[Figure]:
    """English against the baseline; the others alone; all without the vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        index = passage_index(corpus, Path(folder))
        ours = ask(corpus, index.rank)
        without = ask(corpus, lambda query: index.rank(query, expand=False))
        plain = ask(corpus, lambda query: baseline(index, query))
        above, inside = wrong_ones_above(corpus, index.rank)
        index.close()
    figures = []
    for language in ours:
        recall, gain = mean(ours[language])
        base_recall, base_gain = mean(plain[language])
        alone = mean(without[language])
        english = language == "en"
        each = "; ".join(f"{q} {r:.2f} {n:.2f}" for q, (r, n) in ours[language].items())
        figures += [
            Figure(
                part="questions",
                name=f"{language}, recall@10",
                value=recall,
                bar=round(base_recall + ABOVE_BASELINE, 3)
                if english
                else OTHER_RECALL_BAR,
                note=f"{AIMS if english else OTHER_AIM}; BM25 {base_recall:.3f}; "
                f"vocabulary off {alone[0]:.3f}",
            ),
            Figure(
                part="questions",
                name=f"{language}, nDCG@10",
                value=gain,
                bar=round(base_gain + ABOVE_BASELINE, 3) if english else None,
                note=f"BM25 {base_gain:.3f}; off {alone[1]:.3f}; {each}",
            ),
        ]
    note = f"{inside} in the first ten of all questions"
    return [
        *figures,
        Figure(
            part="questions",
            name="en, hard negatives above the best",
            value=above,
            note=note,
        ),
    ]
