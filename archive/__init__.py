"""Evidence on disk: formats, signatures, log, verification. Imports no other package.

Alone it verifies an archive offline. `crawlers`, `search` and `web` import it, never
the other way round; they add their commands through entry points.
"""
