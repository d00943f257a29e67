"""Attacks on jobs and extracts: seeds without an outcome, records that say otherwise.

Each is played on the golden archive; the findings that must follow stand above it.
"""

from pathlib import Path

from archive.attest.records.extract import ExtractLine, format_extract
from archive.attest.records.job import (
    SeedOutcome,
)
from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.warc.slice import ResourceBlock
from tests.support.attacks.tamper import (
    Row,
    Table,
    Victim,
    play,
)
from tests.support.attacks.victim_jobs import (
    JOB_ID,
    close_job,
    failed,
    job_block,
    open_job,
)
from tests.support.judging.told import GoldenReports

table = Table()


@table.fires()
def job_whose_seeds_all_have_outcomes(victim: Victim) -> None:
    open_job(victim, "http://a.example/", "http://b.example/")
    close_job(victim, failed(0), failed(1))


@table.fires("18 seed-without-outcome")
def job_never_closed(victim: Victim) -> None:
    open_job(victim, "http://a.example/", "http://b.example/")


@table.fires("18 seed-without-outcome")
def job_closed_without_one_of_its_seeds(victim: Victim) -> None:
    open_job(victim, "http://a.example/", "http://b.example/")
    close_job(victim, failed(0))


@table.fires("18 capture-missing")
def job_names_a_capture_that_was_never_logged(victim: Victim) -> None:
    open_job(victim, "http://a.example/")
    outcome = SeedOutcome(n=0, state="captured", captures=("0" * 64,), reason="")
    close_job(victim, outcome)


@table.fires("18 job-malformed")
def job_closed_that_was_never_opened(victim: Victim) -> None:
    close_job(victim, failed(0))


@table.fires("18 job-malformed")
def job_settles_a_seed_it_never_promised(victim: Victim) -> None:
    open_job(victim, "http://a.example/")
    close_job(victim, failed(0), failed(1))


@table.fires("18 job-malformed", "18 seed-without-outcome")
def job_opened_twice(victim: Victim) -> None:
    open_job(victim, "http://a.example/")
    open_job(victim, "http://a.example/")


@table.fires("18 job-malformed")
def job_promises_another_number_than_signed(victim: Victim) -> None:
    open_job(victim, "http://a.example/", count=7)


@table.fires("18 job-malformed", "18 seed-without-outcome")
def job_counts_other_outcomes_than_signed(victim: Victim) -> None:
    open_job(victim, "http://a.example/")
    close_job(victim, failed(0), captured=1)


@table.fires("18 job-malformed")
def job_record_that_is_no_job(victim: Victim) -> None:
    predicate: dict[str, object] = {"job": JOB_ID, "source_id": None, "count": 0}
    victim.speak("job-open", predicate, job_block("open", b"{}"))


def extract_stated(victim: Victim, data: bytes) -> None:
    """State an extract record."""
    block = ResourceBlock(
        type="resource",
        target_uri=f"urn:evidence:extract:{JOB_ID}",
        content_type="application/x-ndjson",
        block=MemoryBytes(data),
    )
    predicate: dict[str, object] = {"run": JOB_ID, "extractor": "html/1"}
    victim.speak("extract", predicate | {"captures": 1, "texts": 1}, block)


@table.fires("17 extract-malformed")
def extract_record_that_is_no_extract(victim: Victim) -> None:
    extract_stated(victim, b"{}\n")


@table.fires("17 text-missing")
def extract_of_a_text_that_is_not_kept(victim: Victim) -> None:
    line = ExtractLine(
        capture="0" * 64,
        extractor="html/1",
        text=Digest.of(b"nowhere"),
        file=Digest.of(b"nowhere either"),
    )
    extract_stated(victim, format_extract((line,)))


# The test


@table.each()
def test_each_attack_fires_exactly_what_the_table_says(
    row: Row, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    play(row, tmp_path, golden_reports)
