"""Tokens, keys, marks and texts of arbitrary text keep their promises."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.analysis.analyze import EMPTY, form_table, join_forms
from search.analysis.keys import loose_key, name_key, query_keys
from search.analysis.spellings import VARIANTS, query_variants
from search.analysis.tokens import exact_form, split_words, tokenize, word_spans
from search.answering.highlight import SNIPPET_CODE_POINTS, cut_snippets
from search.answering.marking import find_marks
from search.engines.base import Tokens
from search.engines.planning import Leaf
from search.extract.by_type import extract
from search.extract.result import SEPARATOR, TEXT_CODE_POINTS, clean_text
from search.passages import ReadText, read_forms
from tests.support.judging.examples import examples

LETTERS = st.text(
    st.sampled_from("abcчшœłśžŭіўёь'’ʼ\u00ad\u200b\u0301 -.,_\nABЦХKkxXqQ19"),
    max_size=60,
)
TEXTS = st.one_of(st.text(max_size=80), LETTERS)
LANGUAGES = st.sampled_from(["be", "ru", "uk", "en", "pl", "lt", "be-Latn", "de", None])


@settings(max_examples=examples(1000), deadline=None)
@given(TEXTS)
def test_tokens_are_ordered_slices_of_the_text(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert text[token.start : token.end] == token.word
        assert end <= token.start < token.end <= token.start + 64
        end = token.end


SPACED = st.lists(
    st.sampled_from([*"abż'’ʼ -*._5", "ab", "x" * 63, "у ", "d'", "a b c d"]),
    max_size=30,
).map("".join)


@settings(max_examples=examples(2000), deadline=None)
@given(st.one_of(TEXTS, SPACED))
@example("a b c d e's")
@example("x" * 63 + "'xy a")
def test_the_fast_way_to_words_finds_those_of_the_slow_one(line: str) -> None:
    tokens = list(tokenize(line))
    assert split_words(line) == [token.word for token in tokens]
    assert word_spans(line) == [(token.start, token.end) for token in tokens]


@settings(max_examples=examples(1000), deadline=None)
@given(TEXTS, LANGUAGES)
def test_token_n_is_position_n_in_every_field(text: str, language: str | None) -> None:
    forms = read_forms(text, language)
    fields = join_forms(forms)
    for value in (fields.exact, fields.lemma, fields.key, fields.cap, fields.loose):
        assert len(value.split()) == len(forms)
        assert len(value.split(" ")) == max(1, len(forms))


@settings(max_examples=examples(1000), deadline=None)
@given(TEXTS, LANGUAGES)
def test_the_place_of_each_form_holds_a_word_with_that_form(
    text: str, language: str | None
) -> None:
    read = ReadText(text, language)
    for number, form in enumerate(read.forms):
        start, end = read.place(number)
        assert (exact_form(text[start:end]) or EMPTY) == form.exact


@settings(max_examples=examples(1000), deadline=None)
@given(TEXTS)
def test_invisible_signs_and_case_change_no_form(word: str) -> None:
    plain = exact_form(word)
    assert exact_form(word + "\u200b\u00ad") == plain
    assert exact_form(plain) == plain


@settings(max_examples=examples(1000), deadline=None)
@given(TEXTS)
def test_index_key_is_among_the_query_keys(word: str) -> None:
    for variant in query_variants(word):
        key = name_key(word, variant)
        assert key == "" or key in query_keys(word)
        assert loose_key(key) == "" or len(loose_key(key)) >= 4
    assert set(query_keys(word)) <= {name_key(word, variant) for variant in VARIANTS}


@settings(max_examples=examples(500), deadline=None)
@given(TEXTS, LANGUAGES, st.data())
def test_snippets_show_the_text_and_marks_the_words(
    text: str, language: str | None, data: st.DataObject
) -> None:
    words = [token.word for token in tokenize(text)]
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    wanted = form_table(language)[word].exact
    if wanted == EMPTY:
        return
    leaf = Leaf(label=word, clauses=(Tokens(field="exact", values=(wanted,)),))
    marks = find_marks(text, language, [leaf])
    assert marks
    for snippet in cut_snippets(text, marks):
        assert len(snippet.text) <= SNIPPET_CODE_POINTS
        for start, end in snippet.marks:
            place = snippet.start + start
            assert exact_form(text[place : snippet.start + end]) == wanted


@settings(max_examples=examples(500), deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from(["text/html", "text/plain", "a/xml", None])
)
def test_any_bytes_give_a_clean_text(data: bytes, media_type: str | None) -> None:
    made = extract(data, media_type=media_type)
    made.text.encode()
    assert made.main_end <= len(made.text) <= TEXT_CODE_POINTS
    for part in made.text.split(SEPARATOR):
        assert clean_text(part) == part
    assert made.text.count("\f") <= 1
