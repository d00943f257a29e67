"""Replies that servers should not give and do: RFC 9112, its corners, and beyond.

`case.py` says what a case is and has the words it is written in; the other modules hold
the cases by what is odd about them; `cases.py` gathers them and says who can ask which.
The bytes must be kept in every case.
"""
