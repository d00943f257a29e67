"""A WACZ: is it whole, who packed it, and is what it shows proven by evidence in it?

Step 22 judges the package; the evidence inside is judged like any bundle. A package of
another program has none, so it is never VERIFIED: a WACZ signature says who packed it,
not where the bytes came from, and whoever alters a package can pack it anew.
"""

import json
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from archive.attest.packager import verify_package
from archive.attest.statements.statement import Statement, parse_statement
from archive.errors import (
    EvidenceError,
    FormatError,
    UsageProblem,
    VerificationError,
)
from archive.verify.bundles.bundle import BUNDLE_REQUIRED, TrustOf, judge_files
from archive.verify.bundles.bundlefiles import STATEMENT, read_whole
from archive.verify.packages.packagefiles import (
    ARCHIVE,
    EVIDENCE,
    INDEX,
    PACKAGE,
    PACKAGE_DIGEST,
    PAGE_FIELDS,
    PAGES,
    PackedEvidence,
    Packing,
    Resource,
    asked_for,
    format_description,
    format_index,
    format_pages,
    parse_resources,
    read_limited,
)
from archive.verify.policy import required_steps
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import NO_BRACKET, Report
from archive.zipped import ZIP_LIMIT_BYTES, ZipFiles, digest_entry, open_zip

PACKAGE_STEP = 22
PACKAGE_REQUIRED = BUNDLE_REQUIRED | {PACKAGE_STEP}
DESCRIPTION_LIMIT_BYTES = 16 << 20
"""Bytes of a package's description: 60,000 resources of 250 bytes."""
DIGEST_LIMIT_BYTES = 256 * 1024
FOREIGN = (
    "a package of another program: a WACZ signature says who packed it, not where its "
    "bytes came from; it cannot be VERIFIED"
)


def verify_wacz(path: Path, *, trust_of: TrustOf) -> Report:
    """Check a package; damage is reported, UsageProblem only where there is no file."""
    if not path.is_file():
        raise UsageProblem(f"{path} is no file; name a WACZ package")
    collector = Collector()
    trust, bracket = None, NO_BRACKET
    said: str | None = FOREIGN
    try:
        with open_zip(path, limit_bytes=ZIP_LIMIT_BYTES) as files:
            package = _Package(collector, files)
            package.check()
            if any(name.startswith(EVIDENCE) for name in files.names):
                evidence = PackedEvidence(files)
                judged = judge_files(collector, evidence, trust_of=trust_of)
                trust = judged.trust
                _check_derived(collector, files, evidence, package.description)
                said, bracket = judged.headline, judged.bracket
    except FormatError as error:
        collector.failed(PACKAGE_STEP, "package-unsafe", path.name, str(error))
    report = collector.report(
        f"package {path.name}",
        required=required_steps(PACKAGE_REQUIRED, trust),
        headline=said,
    )
    return replace(report, bracket=bracket)


class _Package:
    """The package itself, whoever made it."""

    def __init__(self, collector: Collector, files: ZipFiles) -> None:
        self._collector = collector
        self._files = files
        self._has_evidence = any(name.startswith(EVIDENCE) for name in files.names)
        self.description: dict[str, Any] | None = None
        """As it was read; None where it is none, which is noted."""

    def check(self) -> None:
        """Files against description, description against digest and signature."""
        description = self._read_json(PACKAGE, DESCRIPTION_LIMIT_BYTES)
        self.description = description
        if description is None:
            return
        try:
            resources = parse_resources(description)
        except (FormatError, VerificationError) as error:
            self._fail("package-malformed", PACKAGE, str(error))
            return
        self._check_resources(resources)
        self._check_digest(description)

    def _check_resources(self, resources: list[Resource]) -> None:
        listed = [resource.path for resource in resources]
        counts = Counter(listed)
        for path in sorted(path for path, count in counts.items() if count > 1):
            self._fail("package-malformed", path, "is listed twice")
        present = frozenset(self._files.names)
        known = {PACKAGE, PACKAGE_DIGEST, *listed}
        for name in self._files.names:
            if name not in known:
                self._fail("package-unlisted", name, "is in the package and not listed")
        for resource in resources:
            if resource.path not in present:
                self._fail("package-missing", resource.path, "is listed and not there")
            elif (
                self._files.size(resource.path) != resource.size
                or digest_entry(self._files, resource.path) != resource.digest
            ):
                self._fail("package-altered", resource.path, "is not what is listed")
            else:
                self._collector.passed(PACKAGE_STEP)

    def _check_digest(self, description: dict[str, Any]) -> None:
        if PACKAGE_DIGEST not in self._files.names:
            self._unsigned(f"there is no {PACKAGE_DIGEST}")
            return
        value = self._read_json(PACKAGE_DIGEST, DIGEST_LIMIT_BYTES)
        if value is None:
            return
        found = str(digest_entry(self._files, PACKAGE))
        signed = value.get("signedData")
        if value.get("hash") != found or value.get("path") != PACKAGE:
            self._fail(
                "package-altered", PACKAGE, f"is not the one of {PACKAGE_DIGEST}"
            )
        if signed is None:
            self._unsigned(f"{PACKAGE_DIGEST} has no signature")
        elif not isinstance(signed, dict) or signed.get("hash") != found:
            self._fail(
                "package-signature-bad", PACKAGE_DIGEST, "signs another description"
            )
        elif self._has_evidence and signed.get("created") != description.get("created"):
            self._fail(
                "package-signature-bad", PACKAGE_DIGEST, "was made at another time"
            )
        else:
            self._check_signature(signed, found)

    def _check_signature(self, signed: dict[str, Any], found: str) -> None:
        try:
            packager = verify_package(signed, found.encode("ascii"))
        except (FormatError, VerificationError) as error:
            self._fail("package-signature-bad", PACKAGE_DIGEST, str(error))
        else:
            self._collector.passed(PACKAGE_STEP)
            self._collector.notices.append(f"packed by {packager}")

    def _unsigned(self, reason: str) -> None:
        """Ours are always signed; those of others may not be."""
        if self._has_evidence:
            self._fail("package-unsigned", PACKAGE_DIGEST, reason)
        else:
            self._collector.notices.append(f"nobody signed this package: {reason}")

    def _read_json(self, name: str, limit_bytes: int) -> dict[str, Any] | None:
        if name not in self._files.names:
            self._fail("package-missing", name, "is not in the package")
            return None
        try:
            value = json.loads(read_limited(self._files, name, limit_bytes))
        except (FormatError, ValueError, RecursionError) as error:
            self._fail("package-malformed", name, f"cannot be read: {error}")
            return None
        if not isinstance(value, dict):
            self._fail("package-malformed", name, "is no JSON object")
            return None
        return value

    def _fail(self, code: str, subject: str, detail: str) -> None:
        _fail(self._collector, code, subject, detail)


def _check_derived(
    collector: Collector,
    files: ZipFiles,
    evidence: PackedEvidence,
    description: dict[str, Any] | None,
) -> None:
    """Description, page list and index are those that the evidence gives."""
    for name in files.names:
        if name.startswith(ARCHIVE) and name not in evidence.places:
            _fail(collector, "package-unproven", name, "is no slice of the evidence")
    known = {PACKAGE, PACKAGE_DIGEST, PAGES, INDEX, *evidence.places}
    for name in files.names:
        if name not in known and not name.startswith(ARCHIVE):
            _fail(collector, "package-unproven", name, "is no file of such a package")
    try:
        wanted = {
            PAGES: format_pages(_statements(evidence)),
            INDEX: _index(files),
        }
        if description is not None:
            wanted[PACKAGE] = _description(files, description)
    except EvidenceError as error:
        _fail(collector, "package-unproven", INDEX, str(error))
        return
    for name, data in wanted.items():
        if name not in files.names:
            _fail(collector, "package-missing", name, "is not in the package")
        elif read_limited(files, name, ZIP_LIMIT_BYTES) != data:
            _fail(collector, "package-unproven", name, "is not what the evidence gives")
        else:
            collector.passed(PACKAGE_STEP)


def _statements(evidence: PackedEvidence) -> list[Statement]:
    """Of the captures that were asked for; FormatError for one about anything else."""
    found = []
    for prefix in asked_for(evidence):
        name = prefix + STATEMENT
        statement = parse_statement(read_whole(evidence, name))
        if not statement.predicate.keys() >= PAGE_FIELDS:
            raise FormatError(f"{name} is of the kind {statement.kind}, no capture")
        found.append(statement)
    return found


def _index(files: ZipFiles) -> bytes:
    return format_index(
        (name.removeprefix(ARCHIVE), partial(files.open, name))
        for name in files.names
        if name.startswith(ARCHIVE)
    )


def _description(files: ZipFiles, value: dict[str, Any]) -> bytes:
    """What the description must be, with the time and name it gives itself."""
    packing = Packing(
        created=str(value.get("created")), software=str(value.get("software"))
    )
    resources = [
        Resource(path=name, digest=digest_entry(files, name), size=files.size(name))
        for name in files.names
        if name not in (PACKAGE, PACKAGE_DIGEST)
    ]
    return format_description(resources, packing)


def _fail(collector: Collector, code: str, subject: str, detail: str) -> None:
    collector.failed(PACKAGE_STEP, code, subject, detail)
