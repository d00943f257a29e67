"""Messages: English texts by symbolic id, for what is the same in every language.

Citations and the JSON API speak English. Pages and frames take their words from a
`Language`; all of them are in `translations/`, one file a language. A test compares
the ids used in templates and code with those of each catalog, both ways.
"""

from web.wording.languages import ENGLISH


def text_of(name: str, /, **values: object) -> str:
    """The English text of an id with its values filled in."""
    return ENGLISH.text(name, **values)
