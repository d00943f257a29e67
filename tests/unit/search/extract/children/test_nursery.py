"""Children forked from one loaded process: as good as others, and none is left over."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.extract.children.child import end_child, start_child
from search.extract.children.nursery import Forked, Nursery
from search.extract.worker import MODULE, Worker

PAGE = "<html><title>Т</title><body><p>Прывітанне</p></body></html>".encode()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery(MODULE)
    yield made
    made.close()


def read(worker: Worker) -> tuple[str, tuple[str, ...]]:
    made = worker.extract(PAGE, media_type="text/html", charset=None)
    return made.text, made.warnings


def pid_of(worker: Worker) -> int:
    assert isinstance(worker._child, Forked)
    return worker._child.pid


def test_several_children_extract_side_by_side(nursery: Nursery) -> None:
    with Worker(start=nursery.start) as one, Worker(start=nursery.start) as other:
        assert [read(each) for each in (one, other, one)] == [("Прывітанне", ())] * 3
        assert pid_of(one) != pid_of(other)


def test_a_killed_child_is_reaped_and_replaced(nursery: Nursery) -> None:
    with Worker(start=nursery.start) as worker:
        read(worker)
        pid = pid_of(worker)
        os.kill(pid, signal.SIGKILL)
        assert read(worker)[1] == ("extractor_crashed",)
        assert not Path(f"/proc/{pid}").exists()
        assert read(worker) == ("Прывітанне", ())


def test_a_child_holds_no_socket_and_has_given_up_memory(nursery: Nursery) -> None:
    with Worker(start=nursery.start) as worker:
        read(worker)
        pid = pid_of(worker)
        limits = Path(f"/proc/{pid}/limits").read_text("ascii")
        files = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    (space,) = (row for row in limits.splitlines() if row.startswith("Max address"))
    assert str(2 * 1024**3) in space
    assert any(one.startswith("pipe:") for one in files)
    assert not any(one.startswith("socket:") for one in files)


def test_the_end_of_a_nursery_costs_no_document_its_text() -> None:
    nursery = Nursery(MODULE)
    with Worker(start=nursery.start) as worker, Worker(start=nursery.start) as other:
        read(worker)
        assert nursery._process is not None
        nursery._process.kill()
        nursery._process.wait()
        assert read(worker) == ("Прывітанне", ())
        assert read(other) == ("Прывітанне", ())
        second = nursery._process
        worker.close()  # a child of the first, reaped by the second
        assert read(worker) == ("Прывітанне", ())
        assert nursery._process is second
        assert second.poll() is None
    nursery.close()


def test_a_number_that_is_somebody_else_s_by_now_is_not_ended(
    nursery: Nursery,
) -> None:
    bystander = start_child(MODULE)
    child = nursery.start()
    assert isinstance(child, Forked)
    assert child._end is not None
    stale = Forked(bystander.pid, child.stdin, child.stdout, child._end)
    end_child(stale)
    with pytest.raises(subprocess.TimeoutExpired):
        bystander.wait(1)
    bystander.communicate()
    child.kill()
    child.kill()
    assert not Path(f"/proc/{child.pid}").exists()


def test_a_late_answer_is_never_taken_for_a_child() -> None:
    nursery = Nursery(MODULE)
    child = nursery.start()
    assert nursery._control is not None
    assert nursery._process is not None
    os.kill(nursery._process.pid, signal.SIGSTOP)
    nursery._control.settimeout(0.01)
    end_child(child)
    assert nursery._control is None
    with Worker(start=nursery.start) as worker:
        assert read(worker) == ("Прывітанне", ())
    nursery.close()


def test_closing_ends_the_process() -> None:
    nursery = Nursery(MODULE)
    with Worker(start=nursery.start) as worker:
        read(worker)
    process = nursery._process
    assert process is not None
    nursery.close()
    assert process.poll() is not None
