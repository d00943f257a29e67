"""The draft certificate under FRE 902(13) and 902(14); a lawyer must review it."""

from collections.abc import Sequence

from archive.export.gather import GatheredNode
from archive.export.papers import fill_paper, main_nodes
from archive.log.fields import format_base64
from archive.verify.reporting.report import Report


def format_certificate(nodes: Sequence[GatheredNode], report: Report) -> bytes:
    """Fill the draft with what the bundle states; person and date stay blank."""
    main = main_nodes(nodes)
    return fill_paper(
        "CERTIFICATE.txt",
        software=str(main[0].statement.predicate["software"]),
        records="\n".join(_record(node) for node in main),
        outcome=str(report.outcome),
        findings="\n".join(_findings(report)),
    )


def _record(node: GatheredNode) -> str:
    predicate, stamped = node.statement.predicate, node.stamped
    rows = [
        ("capture id (SHA-256)", node.capture.capture_id),
        ("address", predicate["target_uri"]),
        ("begun (machine clock)", predicate["captured_at"]),
        ("signed (machine clock)", predicate["signed"]),
        ("outcome", predicate["outcome"]),
        ("statement", str(node.statement.digest)),
        ("operator", predicate["operator"]),
        ("operator key", node.key_id),
        ("log", stamped.checkpoint.origin),
        ("entry (leaf index)", str(node.statement.seq)),
        ("checkpoint size", str(stamped.checkpoint.size)),
        ("checkpoint root", format_base64(stamped.checkpoint.root)),
        ("witnesses", str(stamped.witnesses)),
        ("time stamps", str(len(stamped.tokens))),
    ]
    lines = [f"   {name:24}{value}" for name, value in rows]
    for row in predicate["records"]:
        lines.append(f"   {row['type'] + ' record':24}{row['record']}")
    return "\n".join(lines) + "\n"


def _findings(report: Report) -> list[str]:
    lines = [f"   {report.headline}"] if report.headline else []
    lines += [
        f"   check {finding.step:2}  {finding.outcome:11}  {finding.detail}"
        for finding in report.findings
    ]
    return [*lines, *(f"   {notice}" for notice in report.notices), ""]
