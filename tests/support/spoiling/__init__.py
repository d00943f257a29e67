"""Good bundles and every way to break one; the same list for both verifiers.

`case.py` says what a case is; `cases.py` gathers the families, which are cut by what
is spoiled: files, tokens, the signed papers, or what the reader believes.
"""
