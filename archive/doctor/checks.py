"""The checks that `archive` brings itself, the more harmful first."""

from types import MappingProxyType

from archive.doctor.believed import check_trust
from archive.doctor.clock import check_clock
from archive.doctor.folders import check_archive, check_permissions, check_space
from archive.doctor.keys import check_head, check_keys, check_token
from archive.doctor.machine import Check
from archive.doctor.medium import check_disk, check_medium, check_temporary
from archive.doctor.memory import check_cores, check_swap
from archive.doctor.software import check_openssl, check_packages, check_python
from archive.doctor.work import check_jobs, check_settings, check_waiting

CHECKS = MappingProxyType[str, Check](
    {
        "keys": check_keys,
        "permissions": check_permissions,
        "temporary": check_temporary,
        "head": check_head,
        "archive": check_archive,
        "medium": check_medium,
        "trust": check_trust,
        "clock": check_clock,
        "settings": check_settings,
        "token": check_token,
        "disk": check_disk,
        "space": check_space,
        "unsigned": check_waiting,
        "jobs": check_jobs,
        "python": check_python,
        "packages": check_packages,
        "swap": check_swap,
        "core-dumps": check_cores,
        "openssl": check_openssl,
    }
)
"""By the name of the thing; one check may speak of more."""
