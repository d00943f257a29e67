"""A cache of what was made a moment ago: the least recently used goes first.

What is kept says nothing about a reader: anybody who asks for the same gets it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")

LARGEST_SHARE = 4
"""A value larger than the limit divided by this would leave too little for others."""


def _one(value: object) -> int:
    """Counts values, whatever their size."""
    del value
    return 1


class LruCache(Generic[Name, Value]):
    """Values by name up to a limit; safe to use from several threads."""

    def __init__(self, limit: int, size_of: Callable[[Value], int] = _one) -> None:
        """`limit` bounds the sum of `size_of` over all values, by default their number.

        A value that is larger than a quarter of the limit is not kept.
        """
        self._limit = limit
        self._size_of = size_of
        self._values: OrderedDict[Name, Value] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def find(self, name: Name) -> Value | None:
        """What is kept under that name; None where nothing is."""
        with self._lock:
            if name in self._values:
                self._values.move_to_end(name)
            return self._values.get(name)

    def keep(self, name: Name, value: Value) -> None:
        """Keep a value in place of an older one of that name."""
        size = self._size_of(value)
        if size > max(self._limit // LARGEST_SHARE, 1):
            return
        with self._lock:
            if name in self._values:
                self._size -= self._size_of(self._values.pop(name))
            self._values[name] = value
            self._size += size
            while self._size > self._limit:
                _, dropped = self._values.popitem(last=False)
                self._size -= self._size_of(dropped)
