"""The verb `doctor`: what is missing or unsafe on this machine, in one screen."""

from importlib.metadata import entry_points

import click

from archive.cli.output import print_json
from archive.cli.root import CommandContext
from archive.doctor.checks import CHECKS
from archive.doctor.finding import Finding, Outcome, weaker
from archive.doctor.machine import Check, Machine
from archive.doctor.running import examine, exit_code

CHECKS_GROUP = "evidence.checks"
_SHOWN = {Outcome.UNSAFE: "UNSAFE", Outcome.WEAKER: "weaker", Outcome.GOOD: "good"}
_NEEDED = "MISSING"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(ctx: CommandContext, as_json: bool) -> int:
    """What is missing or unsafe on this machine, the most harmful first.

    It looks, changes nothing, and asks nobody: no network, no passphrase.

    Exit codes: 0 nothing needed is missing and nothing unsafe, 1 something needed is
    missing, 3 something is unsafe.
    """
    checks, faults = _all_checks()
    findings = [*examine(_machine(ctx), checks), *faults]
    if as_json:
        print_json({"findings": [_as_json(one) for one in findings]})
    else:
        for one in findings:
            click.echo(
                f"{_word(one):<7}  {one.check:<12}  {' '.join(one.line.split())}"
            )
    return exit_code(findings)


def _all_checks() -> tuple[dict[str, Check], list[Finding]]:
    """Our own and those of other packages, and what is wrong with a package."""
    checks, faults = dict(CHECKS), []
    for point in sorted(entry_points(group=CHECKS_GROUP), key=lambda one: one.name):
        try:
            checks[point.name] = point.load()
        except Exception as error:  # noqa: BLE001  what cannot be imported is a finding
            faults.append(_unloaded(point.name, error))
    return checks, faults


def _unloaded(name: str, error: Exception) -> Finding:
    return weaker(
        name,
        f"cannot be looked at: a part of this program does not load"
        f" ({type(error).__name__})",
        without="commands that need it will not run",
        step="install it again, whole: make setup",
        is_needed=True,
    )


def _machine(ctx: CommandContext) -> Machine:
    return Machine(
        archive=ctx.archive,
        keys_folder_of=ctx.keys_folder_of,
        trust=ctx.trust,
        settings=ctx.settings,
        settings_problem=ctx.settings_problem,
        environ=ctx.environ,
        clock=ctx.clock,
    )


def _word(finding: Finding) -> str:
    return _NEEDED if finding.is_needed else _SHOWN[finding.outcome]


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "outcome": str(finding.outcome),
        "needed": finding.is_needed,
        "says": finding.says,
        "without": finding.without or None,
        "step": finding.step or None,
    }
