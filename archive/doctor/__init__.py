"""What is missing or unsafe on this machine: small checks that look and change nothing.

No network, no secret, no path of a key beyond its folder. A check gets a `Machine` and
gives findings; `running` runs all of them at once, within a time. Other packages bring
theirs by the entry-point group `evidence.checks`. Nothing here judges evidence: that is
what `verify` is for.
"""
