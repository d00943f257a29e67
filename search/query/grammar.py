"""The query language, written down once: help text and documents are made from this.

`GRAMMAR` is EBNF (ISO 14977): tests make queries from it and parse them. `FORMS` says
what each way of writing means, with an example that tests run.
"""

import textwrap
from dataclasses import dataclass

from search.query.parser import (
    PREFIX_MAX_LETTERS,
    PREFIX_MIN_LETTERS,
    QUERY_CODE_POINTS,
    QUERY_DEPTH,
    QUERY_TERMS,
    SLOP_MAX_WORDS,
)

GRAMMAR = """\
query   = branch , { "OR" , branch } ;
branch  = item , { item } ;
item    = [ "-" | "+" ] , ( "(" , query , ")" | field | phrase | prefix | word ) ;
field   = name , ":" , ( values | '"' , values , '"' )
        | ( "exact" | "name" ) , ":" , ( word | '"' , words , '"' )
        | ( "captured" | "first" | "claimed" ) , ":" , range ;
name    = "source" | "host" | "lang" | "type" | "status" | "outcome" | "class"
        | "warning" | "archive" ;
values  = value , { "," , value } ;
range   = time | time , ".." | ".." , time | time , ".." , time ;
time    = year | year , "-" , month | year , "-" , month , "-" , day , [ offset ] ;
offset  = "Z" | ( "+" | "-" ) , hours , ":" , minutes ;
phrase  = '"' , words , '"' , [ "~" , number ] ;
words   = word , { word } ;
prefix  = letters , "*" ;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way of writing: what it looks like, what it means, a query that uses it."""

    written: str
    means: str
    example: str


FORMS = (
    Form(
        written="word word",
        means="all of the words, each in any form, spelling and script, and in other "
        "languages; function words are not asked for. Where fewer than ten texts have "
        "all, texts with some words missing follow, and say which",
        example="political prisoners",
    ),
    Form(
        written="+word",
        means="the word must be there, be it a function word",
        example="prisoners +released",
    ),
    Form(
        written="-word",
        means="not with this word; also before a phrase, a field or a bracket",
        example="election -Minsk",
    ),
    Form(
        written="a OR b",
        means="one of the two; OR in capitals. What stands side by side binds closer: "
        "a b OR c is (a b) OR c",
        example="Minsk OR Vilnius",
    ),
    Form(
        written="( )",
        means=f"what belongs together; at most {QUERY_DEPTH} deep",
        example="(Minsk OR Vilnius) commission",
    ),
    Form(
        written='"a b c"',
        means="these words in a row, in any form and script",
        example='"political prisoners"',
    ),
    Form(
        written='"a b"~N',
        means="at most N other words between the two, in either order; of more words "
        f"each near the next. N is at most {SLOP_MAX_WORDS}",
        example='"observers Vilnius"~3',
    ),
    Form(
        written="begin*",
        means=f"words that begin so, as written: {PREFIX_MIN_LETTERS} to "
        f"{PREFIX_MAX_LETTERS} letters",
        example="elect*",
    ),
    Form(
        written="exact:word",
        means='as written, but for capitals, accents and invisible signs; exact:"a b" '
        "for words in a row",
        example="exact:Тихановской",
    ),
    Form(
        written="name:word",
        means='a name, in any script and spelling, with a capital; name:"a b" for '
        "names in a row",
        example="name:Tsikhanouskaya",
    ),
    Form(
        written="source:ID",
        means="captured for this source of the registry",
        example="source:source-en",
    ),
    Form(
        written="host:NAME",
        means="from this host; its subdomains are hosts of their own",
        example="host:en.example",
    ),
    Form(
        written="lang:CODE",
        means="in this language: be, be-latn, ru, uk, en, pl, lt, de, lv and others",
        example="lang:be,ru",
    ),
    Form(
        written="type:KIND",
        means="page, item, teaser, file, failure; or a media type, or its second half",
        example="type:failure",
    ),
    Form(
        written="status:CODE",
        means="HTTP status, or a hundred of them: 4xx",
        example="status:404,5xx",
    ),
    Form(
        written="outcome:CODE",
        means="how the exchange ended: complete, dns, timeout, refused, tls and others",
        example="outcome:dns",
    ),
    Form(
        written="class:CODE",
        means="what the answer is: page, listing, feed, file, error, empty, soft-404, "
        "block-page and others",
        example="class:page",
    ),
    Form(
        written="warning:CODE",
        means="doubts about a text: date_conflict, title_conflict, charset_guess, "
        "type_conflict, truncated and others",
        example="warning:date_conflict",
    ),
    Form(
        written="archive:ID",
        means="from this archive, where several are searched",
        example="election -archive:none",
    ),
    Form(
        written="captured:TIME",
        means="captured then: 2025, 2025-01, 2025-01-26, a..b, a.., ..b; days are UTC, "
        "or at an offset: 2025-01-26+03:00. date: is the same",
        example="captured:2025-01-26+03:00",
    ),
    Form(
        written="first:TIME",
        means="captured for the first time then: what counts by day count",
        example="first:2025-01",
    ),
    Form(
        written="claimed:TIME",
        means="the page itself says it is from then: days as it writes them. Nobody "
        "vouches for that; texts that name no date are not found",
        example="claimed:2025-01..2025-02",
    ),
)
NOTES = (
    "Several values, a,b, mean either. A value with a space stands in quotation marks.",
    f"A query has at most {QUERY_CODE_POINTS} characters and {QUERY_TERMS} words.",
    "At a shell a query stands in single quotes, and one that begins with - behind --.",
    "Any other sign means nothing: a stray bracket or quotation mark is left out.",
)


def help_text(width: int = 78) -> str:
    """The whole language on one screen or two, as plain text."""
    column = max(len(form.written) for form in FORMS) + 2
    lines = ["Query language", ""]
    for form in FORMS:
        first, *rest = textwrap.wrap(form.means, width - column)
        lines.append(f"{form.written:<{column}}{first}")
        lines += [f"{'':<{column}}{line}" for line in rest]
        lines.append(f"{'':<{column}}e.g. {form.example}")
    lines += ["", *(line for note in NOTES for line in textwrap.wrap(note, width))]
    return "\n".join([*lines, "", "Grammar (EBNF)", "", GRAMMAR.rstrip()])
