"""Who says what, since when, and trusted by whom: statements, keys, trust folder.

Each folder imports only those before it in this list, and not its neighbours in a line:

    values                              the one written form of what is signed
    keys, statements, records, tokens   who signs; what is stated; the records that
                                        statements are about; RFC 3161
    trust                               whom a reader believes

`approval` (an operator vouches for the statement of another) and `packager` (who packed
a WACZ) each are one act of signing upon all of these.
"""
