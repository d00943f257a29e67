"""Random bytes of a pool: as many as asked for, none given twice."""

import os
import threading

from archive.randomness import POOL_BYTES, RandomPool


def test_each_call_gives_as_many_bytes_as_it_asks_for() -> None:
    pool = RandomPool(os.urandom)
    for count in (0, 1, 16, POOL_BYTES - 1, POOL_BYTES, POOL_BYTES + 1, 16):
        assert len(pool(count)) == count


def test_no_two_calls_share_bytes_from_whatever_thread() -> None:
    pool = RandomPool(os.urandom)
    given: list[bytes] = []

    def draw() -> None:
        given.extend(pool(16) for _ in range(2_000))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == len(given) == 8_000
