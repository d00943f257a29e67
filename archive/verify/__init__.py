"""The only place that judges: checks raise, this folder gathers them into a report.

Inside-out: a statement, the log around it, the time it proves, then what is made of
them. Each folder imports only those in the lines before it:

    reporting, notices         findings and the report; what is told without a verdict
    statements                 one statement with its slice
    log, times                 the log and its witnesses; tokens and the time bracket
    segments                   statement after statement, in pieces
    whole, captures, bundles   a whole archive in one stream; one capture or page, and
                               several of one address compared; an evidence bundle
    packages                   a WACZ, and the bundle in it

Beside the folders lie `looking` (at files, following nothing), which all may use, and
`policy` (which checks a reader requires), which the last two lines use.
"""
