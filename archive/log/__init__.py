"""RFC 6962 and the C2SP log formats, readable beside the specifications.

No key files and no WARC: the log gets its signer as an argument.
"""
