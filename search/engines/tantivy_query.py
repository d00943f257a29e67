"""A clause as a query of the embedded engine.

A token that is empty anywhere in the index (`_`) is no word: no query finds it.
"""

import re
import threading
from typing import Any

import tantivy

from search.analysis.analyze import EMPTY
from search.engines.base import (
    AllOf,
    AnyOf,
    Beginning,
    Between,
    Clause,
    OneOf,
    Tokens,
)
from search.engines.fields import FILTER_FIELDS, ORDER, UNORDERED_FIELDS

_Occur = tantivy.Occur
FREQUENCIES_KEPT = 100_000
"""Tokens whose number of documents is known; each some 200 bytes."""


class Frequencies:
    """In how many documents a token is, asked once until there are more documents.

    Several threads may ask.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents = 0
        self._known: dict[tuple[str, str], int] = {}

    def of(self, searcher: Any, field: str, token: str) -> int:
        """Documents with a token in a field, of those that the searcher sees."""
        key, documents = (field, token), searcher.num_docs
        with self._lock:
            if documents != self._documents or len(self._known) >= FREQUENCIES_KEPT:
                # Nothing is ever deleted: as many documents are the same ones.
                self._documents, self._known = documents, {}
            known = self._known
        found = known.get(key)
        if found is None:
            found = known[key] = searcher.doc_freq(field, token)
        return found


class Compiler:
    """Clauses to queries of one schema, for one searcher."""

    def __init__(self, schema: Any, searcher: Any, frequencies: Frequencies) -> None:
        self._schema = schema
        self._searcher = searcher
        self._frequencies = frequencies

    def compile(self, clause: Clause) -> Any:
        """Compile one clause and all below it."""
        match clause:
            case Tokens():
                return self._tokens(clause)
            case Beginning():
                return self._beginning(clause)
            case OneOf():
                return _unscored(self._one_of(clause))
            case Between():
                return self._between(clause)
            case AnyOf():
                return self._any(clause)
            case AllOf():
                return self._all(clause)

    def _any(self, clause: AnyOf) -> Any:
        """What cannot be found is left out: looked up in each segment, it costs.

        Of two hundred forms of a word that many languages have, most stand nowhere.
        """
        found = [one for one in clause.clauses if self._may_find(one)]
        if len(found) < clause.least:
            return tantivy.Query.empty_query()
        if len(found) == 1 and clause.least == 1:
            return self.compile(found[0])
        parts = [(_Occur.Should, self.compile(one)) for one in found]
        return tantivy.Query.boolean_query(parts, clause.least)

    def _may_find(self, clause: Clause) -> bool:
        """Whether each token of a row is anywhere; of others nothing is known."""
        if not isinstance(clause, Tokens):
            return True
        return EMPTY not in clause.values and all(
            self._frequencies.of(self._searcher, clause.field, value)
            for value in clause.values
        )

    def _one_of(self, clause: OneOf) -> Any:
        """A set is read into memory whole; a single value is walked along."""
        field, values = clause.field, clause.values
        if len(values) == 1:
            return tantivy.Query.term_query(self._schema, field, values[0], "basic")
        return tantivy.Query.term_set_query(self._schema, field, list(values))

    def _holds_everywhere(self, clause: Clause) -> bool:
        """Whether every document has what a filter asks for; nothing is ever deleted.

        Such a filter, as that of public documents, would only cost a look at each.
        """
        if not isinstance(clause, OneOf) or clause.field not in FILTER_FIELDS:
            return False
        everything = self._searcher.num_docs
        return any(
            self._searcher.doc_freq(clause.field, value) == everything
            for value in clause.values
        )

    def _tokens(self, clause: Tokens) -> Any:
        if not clause.values or EMPTY in clause.values:
            return tantivy.Query.empty_query()
        if len(clause.values) == 1:
            query = tantivy.Query.term_query(
                self._schema, clause.field, clause.values[0], "freq"
            )
        elif clause.field in UNORDERED_FIELDS:
            raise AssertionError(f"field {clause.field} has no positions")
        else:
            query = tantivy.Query.phrase_query(
                self._schema, clause.field, list(clause.values), clause.slop
            )
        return tantivy.Query.boost_query(query, clause.boost)

    def _beginning(self, clause: Beginning) -> Any:
        """All words that begin so, be they a million: a page may be full of them."""
        query = tantivy.Query.regex_query(
            self._schema, clause.field, f"{re.escape(clause.value)}.*"
        )
        return tantivy.Query.const_score_query(query, clause.boost)

    def _between(self, clause: Between) -> Any:
        kind = (
            tantivy.FieldType.Unsigned
            if clause.field == ORDER
            else tantivy.FieldType.Integer
        )
        if clause.low is None and clause.high is None:
            return _unscored(tantivy.Query.all_query())
        query = tantivy.Query.range_query(
            self._schema,
            clause.field,
            kind,
            lower_bound=clause.low,
            upper_bound=clause.high,
            include_lower=True,
            include_upper=clause.high is None,
        )
        return _unscored(query)

    def _all(self, clause: AllOf) -> Any:
        wanted = [c for c in clause.wanted if not self._holds_everywhere(c)]
        if len(wanted) == 1 and not clause.unwanted:
            return self.compile(wanted[0])
        parts = [(_Occur.Must, self.compile(c)) for c in wanted]
        if not parts:
            parts = [(_Occur.Must, _unscored(tantivy.Query.all_query()))]
        parts += [(_Occur.MustNot, self.compile(c)) for c in clause.unwanted]
        return tantivy.Query.boolean_query(parts)


def _unscored(query: Any) -> Any:
    return tantivy.Query.const_score_query(query, 0.0)
