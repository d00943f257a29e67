"""A child process whose command is gone begins no crawl."""

import os

from crawlers.crawl.child import is_unheard


def test_a_pipe_that_nobody_reads_is_known_before_a_byte_is_written() -> None:
    reading, writing = os.pipe()
    assert not is_unheard(writing)
    os.close(reading)
    assert is_unheard(writing)
    os.close(writing)
