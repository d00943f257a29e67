"""Corroboration: who else received the same, each operator once."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.capture import (
    SECOND_ROLE,
    Capture,
    ExchangeContext,
)
from archive.cli.corroborate import corroboration_json
from archive.errors import LimitExceeded
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import (
    Agreement,
    corroborate,
)
from tests.support.archives.archives import (
    make_exchange,
)
from tests.support.archives.corroborated import (
    OTHER,
    PAGE,
    URI,
    World,
    agreements,
    replace_trust,
)
from tests.support.programs.inside import Done, call

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def test_O1_one_operator_is_one_witness(world: World) -> None:
    world.archive("Us", PAGE)
    found = world.compare()
    assert found.witnesses == 1
    assert found.comparisons == ()


def test_each_kind_of_agreement_is_told_and_counted(world: World) -> None:
    for name, body in (
        ("Us", PAGE),
        ("Same", PAGE),
        ("Other", OTHER),
        ("Blocked", None),
    ):
        world.archive(name, body)
    found = world.compare(1, 2, 3)
    assert agreements(found) == [
        Agreement.SAME_PAYLOAD,
        Agreement.DIFFERS,
        Agreement.UNREACHABLE,
    ]
    assert found.witnesses == 2
    assert found.has_differences
    assert found.operators == {
        Agreement.SAME_PAYLOAD: 1,
        Agreement.SAME_TEXT: 0,
        Agreement.DIFFERS: 1,
        Agreement.NOT_COMPARED: 0,
        Agreement.UNREACHABLE: 1,
    }
    value = corroboration_json(found)
    assert value["witnesses"] == 2
    json.dumps(value)


def test_O1_several_archives_of_one_operator_count_once(world: World) -> None:
    for name in ("Us", "Partner", "partner ", "PARTNER"):
        world.archive(name, PAGE)
    assert world.compare(1, 2, 3).witnesses == 2


def test_an_archive_of_the_same_operator_is_no_second_witness(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("us", PAGE)
    found = world.compare(1)
    assert found.witnesses == 1
    assert "same operator" in str(found.comparisons[0].not_counted)


def test_a_shared_key_makes_one_operator(world: World, tmp_path: Path) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", PAGE)
    world.archive("Another name", PAGE)
    first, second = world.partner(1), world.partner(2)
    assert first.trust is not None
    assert second.trust is not None
    joined = replace(
        second.trust, operators=(*second.trust.operators, *first.trust.operators)
    )
    found = corroborate(
        world.partner(0), world.captures[0], [first, replace_trust(second, joined)]
    )
    assert found.witnesses == 2


def test_the_best_of_an_operator_counts(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", OTHER)
    world.archive("Partner", PAGE)
    found = world.compare(1, 2)
    assert found.operators[Agreement.SAME_PAYLOAD] == 1
    assert found.operators[Agreement.DIFFERS] == 0


def test_damaged_unknown_or_without_its_witness_counts_for_nothing(
    world: World,
) -> None:
    world.archive("Us", PAGE)
    made = world.archive("Damaged", PAGE)
    world.archive("Unknown", PAGE)
    world.archive("Unwitnessed", PAGE)
    asked = world.partner(3)
    assert asked.trust is not None
    asked = replace_trust(asked, replace(asked.trust, witness_quorum=1))
    world.partner(1)  # the catalog has seen it before it was damaged
    segment = next(made.root.glob("segments/*/*/*"))
    data = bytearray(segment.read_bytes())
    data[world.captures[1].location.offset_bytes + 40] ^= 1
    segment.write_bytes(bytes(data))
    found = corroborate(
        world.partner(0),
        world.captures[0],
        [world.partner(1), world.partner(2, known=False), asked],
    )
    assert found.witnesses == 1
    told = [one.not_counted.code for one in found.comparisons if one.not_counted]
    assert told == ["failed", "unknown-log", "not-checked"]


def test_captures_far_apart_in_time_are_not_compared(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Later", PAGE, delay=timedelta(days=3))
    found = world.compare(1)
    assert agreements(found) == [None]
    assert world.compare(1, window=timedelta(days=4)).witnesses == 2


def test_the_same_text_may_agree_where_payloads_differ(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Banner", PAGE + b"<script>3</script>")

    def text_of(reader: ArchiveReader, capture: Capture) -> str:
        data = reader.payload(capture).data
        return data.partition(b"<script>")[0].decode()

    assert agreements(world.compare(1)) == [Agreement.DIFFERS]
    found = world.compare(1, text_of=text_of)
    assert agreements(found) == [Agreement.SAME_TEXT]
    assert found.witnesses == 2


def test_two_compressions_of_one_payload_are_the_same(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Gzip", PAGE, coding="gzip")
    world.archive("Broken", PAGE, coding="gzip-broken")
    assert world.captures[0].payload_digest != world.captures[1].payload_digest
    found = world.compare(1, 2)
    assert agreements(found) == [Agreement.SAME_PAYLOAD, Agreement.NOT_COMPARED]


def test_what_cannot_be_read_whole_on_either_side_is_not_called_different(
    world: World,
) -> None:
    world.archive("Us", PAGE, coding="gzip-broken")
    world.archive("Whole", OTHER)
    found = world.compare(1)
    assert agreements(found) == [Agreement.NOT_COMPARED]
    assert not found.has_differences
    assert found.witnesses == 1


def test_a_text_that_is_not_looked_for_is_not_called_different(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Banner", PAGE + b"<script>3</script>")

    def no_text(reader: ArchiveReader, capture: Capture) -> str:
        raise LimitExceeded("enough texts")

    found = world.compare(1, text_of=no_text)
    assert agreements(found) == [Agreement.NOT_COMPARED]
    assert not found.has_differences


def test_our_own_text_that_cannot_be_had_is_asked_for_once_and_first(
    world: World,
) -> None:
    world.archive("Us", PAGE)
    for name in ("One", "Two"):
        made = world.archive(name, OTHER)
        with made.open_writer() as writer:
            writer.capture(make_exchange(URI, OTHER + b" ", made)).result()
    asked: list[str] = []

    def crashing(reader: ArchiveReader, capture: Capture) -> str:
        asked.append(capture.capture_id)
        raise LimitExceeded("it took too long")

    found = world.compare(1, 2, text_of=crashing)
    assert agreements(found) == [Agreement.NOT_COMPARED] * 2
    assert asked == [world.captures[0].capture_id]


def test_an_answer_there_to_what_failed_here_is_something_else(world: World) -> None:
    world.archive("Us", None)
    world.archive("Reached", PAGE)
    assert agreements(world.compare(1)) == [Agreement.DIFFERS]


def test_captures_of_hidden_sources_and_of_samples_are_not_there(world: World) -> None:
    bodies = {"Us": PAGE, "Restricted": OTHER, "Sampled": OTHER}
    made = [world.archive(name, body) for name, body in bodies.items()]
    for number, context in (
        (1, ExchangeContext(source_id="inside")),
        (2, ExchangeContext(role=SECOND_ROLE)),
    ):
        with made[number].open_writer() as writer:
            exchange = make_exchange(URI, PAGE, made[number])
            writer.capture(replace(exchange, context=context)).result()
    hiding = replace(world.partner(1), hidden_sources=lambda: frozenset({"inside"}))
    found = corroborate(world.partner(0), world.captures[0], [hiding, world.partner(2)])
    assert agreements(found) == [Agreement.DIFFERS, Agreement.DIFFERS]
    ids = [one.capture.capture_id for one in found.comparisons if one.capture]
    assert ids == [world.captures[1].capture_id, world.captures[2].capture_id]


def test_one_that_counts_is_worth_more_than_a_better_one_that_does_not(
    world: World,
) -> None:
    world.archive("Us", PAGE)
    made = world.archive("Partner", PAGE)
    with made.open_writer() as writer:
        writer.capture(make_exchange(URI, OTHER, made)).result()
        writer.capture(make_exchange(URI, PAGE, made)).result()
        writer.capture(make_exchange(URI, OTHER, made)).result()
    world.partner(1)
    segment = next(made.root.glob("segments/*/*/*"))
    data = bytearray(segment.read_bytes())
    data[world.captures[1].location.offset_bytes + 40] ^= 1
    segment.write_bytes(bytes(data))
    found = world.compare(1)
    assert agreements(found) == [Agreement.SAME_PAYLOAD]
    assert found.comparisons[0].not_counted is None
    assert found.comparisons[0].capture != world.captures[1]


def test_what_is_damaged_is_read_without_an_error_and_counts_for_nothing(
    world: World,
) -> None:
    world.archive("Us", PAGE)
    made = world.archive("Partner", PAGE)
    with made.open_writer() as writer:
        second = writer.capture(make_exchange(URI, OTHER, made)).result()
    world.partner(1)
    segment = next(made.root.glob("segments/*/*/*"))
    data = bytearray(segment.read_bytes())
    for capture in (world.captures[1], second):
        data[capture.location.offset_bytes + 40] ^= 1
    segment.write_bytes(bytes(data))
    found = world.compare(1)
    assert agreements(found) == [Agreement.SAME_PAYLOAD], "as its statement says"
    assert "FAILED" in str(found.comparisons[0].not_counted)
    assert found.witnesses == 1


# The verb


def test_the_verb_says_how_many_witnesses_there_are(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in (("Us", PAGE), ("Same", PAGE), ("Other", OTHER)):
        world.archive(name, body)
    trust = tmp_path / "trust"
    for made in world.made:
        shutil.copytree(made.trust_folder, trust, dirs_exist_ok=True)

    def run(*more: str) -> Done:
        others = [f"--with={made.root}" for made in world.made[1:]]
        options = ["--archive", str(world.made[0].root), "--trust", str(trust)]
        words = ["corroborate", world.captures[0].short_id, *others, *more]
        return call([*options, *words], capsys)

    done = run()
    assert done.code == 0, done.err
    assert "2 witnesses: 1 besides this operator" in done.out
    assert "1 other operators received something else" in done.out
    value = json.loads(run("--json").out)
    assert value["operators"]["differs"] == 1
    missing: Callable[..., Done] = lambda *words: call(words, capsys)  # noqa: E731
    assert missing("corroborate", "a" * 26, "--with", str(tmp_path / "x")).code == 6


def test_the_verb_finds_the_same_text_under_other_bytes(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "<p>The commission counted every ballot in the district twice.</p>" * 3
    for name, banner in (("Us", "1"), ("Partner", "2")):
        page = f"<html><body><main><h1>Results</h1>{words}</main>"
        page += f"<script>visit({banner})</script></body></html>"
        world.archive(name, page.encode())
    trust = tmp_path / "trust"
    for made in world.made:
        shutil.copytree(made.trust_folder, trust, dirs_exist_ok=True)
    options = ["--archive", str(world.made[0].root), "--trust", str(trust)]
    verb = ["corroborate", world.captures[0].short_id, f"--with={world.made[1].root}"]
    value = json.loads(call([*options, *verb, "--json"], capsys).out)
    assert value["comparisons"][0]["agreement"] == "same-text"
    assert value["witnesses"] == 2
