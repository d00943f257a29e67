"""Calls that are refused, with the error and the whole sentence."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from archive.errors import EvidenceError


@dataclass(frozen=True)
class Case:
    """A call, the error it raises, and the whole sentence."""

    call: Callable[[], object]
    error: type[EvidenceError]
    words: str

    def check(self) -> None:
        """Demand exactly that error and those words."""
        with pytest.raises(self.error) as caught:
            self.call()
        assert str(caught.value) == self.words
        assert type(caught.value) is self.error
