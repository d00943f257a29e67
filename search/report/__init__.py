"""What needs the extracted texts of several captures; it reads them, never bytes.

Each folder imports only those before it in this list; the verbs stand beside them:

    comparing               two texts, two captures, two lists
    kinship                 which captures are one article
    span                    what happened at the sources in a span of time
"""
