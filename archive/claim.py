"""The one claim of the product, word for word; interface and exports quote it."""

CLAIM = (
    "key K states that it received these bytes from this address for this URL, "
    "no later than time T, and they are unchanged since."
)
IMPORT_CLAIM = (
    "key K states that it received these bytes in a file, no later than time T, and "
    "they are unchanged since; where the file's makers got them nobody here states."
)
"""Of what was imported: it is never said to have been received from an address."""
DOES_NOT_PROVE = (
    "that the site published it: TLS gives third parties no proof",
    "that other visitors saw the same",
    "that what the page says is true, or who wrote it",
    "the instant of the fetch, only a time by which it had happened",
    "that nothing outside the promised seeds was left out",
)
