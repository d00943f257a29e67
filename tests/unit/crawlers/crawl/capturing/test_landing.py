"""Results of another thread reach those who wait in the loop, whoever gave up."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from crawlers.crawl.capturing.landing import Landing

SECONDS = 60.0


def test_results_and_errors_of_many_threads_all_arrive() -> None:
    async def run() -> list[int | BaseException]:
        landing = Landing()
        futures: list[Future[int]] = [Future() for _ in range(300)]
        waiting = [landing.wait_for(future) for future in futures]

        def finish(begin: int) -> None:
            for number in range(begin, len(futures), 3):
                if number % 50:
                    futures[number].set_result(number)
                else:
                    futures[number].set_exception(OSError(number))

        threads = [threading.Thread(target=finish, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        together = asyncio.gather(*waiting, return_exceptions=True)
        found = await asyncio.wait_for(together, SECONDS)
        for thread in threads:
            thread.join()
        return found

    found = asyncio.run(run())
    assert [n for n in found if isinstance(n, int)] == [n for n in range(300) if n % 50]
    assert sum(isinstance(n, OSError) for n in found) == 6


def test_what_is_done_already_arrives_too() -> None:
    async def run() -> int:
        done: Future[int] = Future()
        done.set_result(7)
        return await asyncio.wait_for(Landing().wait_for(done), SECONDS)

    assert asyncio.run(run()) == 7


def test_who_gives_up_waiting_neither_cancels_the_work_nor_disturbs_others() -> None:
    async def run() -> None:
        landing = Landing()
        first: Future[int] = Future()
        second: Future[int] = Future()
        for future in (first, second):
            future.set_running_or_notify_cancel()
        tired = asyncio.ensure_future(landing.wait_for(first))
        patient = landing.wait_for(second)
        tired.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tired
        first.set_exception(OSError("nobody asks"))
        second.set_result(2)
        assert await asyncio.wait_for(patient, SECONDS) == 2
        assert not first.cancelled()

    asyncio.run(run())


def test_work_that_was_cancelled_is_told_and_keeps_nothing_from_others() -> None:
    async def run() -> None:
        landing = Landing()
        first: Future[int] = Future()
        second: Future[int] = Future()
        given_up, patient = landing.wait_for(first), landing.wait_for(second)
        first.cancel()
        second.set_result(2)
        assert await asyncio.wait_for(patient, SECONDS) == 2
        with pytest.raises(asyncio.CancelledError):
            await given_up

    asyncio.run(run())


def test_a_result_that_comes_when_the_loop_is_gone_is_nobodys(
    caplog: pytest.LogCaptureFixture,
) -> None:
    late: Future[int] = Future()

    async def run() -> None:
        Landing().wait_for(late)

    asyncio.run(run())
    late.set_result(1)
    assert caplog.records == []  # a callback that raises is only logged
