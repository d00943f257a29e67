"""The archive folder on disk, and everything in it that a crash can leave half done.

What lies here is used by all of its folders: `layout` and `places` (where things lie,
and whether they may), `drafts` (what is about to be stated), `spool` and `ledger` (the
order on disk), `texts`, `tombstones`, `space`. Each folder imports only those before it
in this list, and `waiting.files` and `waiting.reading` belong to the first:

    segments                the bytes, and who vouches for them
    anchors, catalog        what is stated of time stamps; the derived look-up
    reading                 captures, payloads and jobs, read back
    recovery, removal       what changes files that stand
    writing                 the one writer
    waiting                 captures while no key is at hand

`create`, `foreign`, `keychange` and `rebuild` each are one act upon an archive.
"""
