"""Which engine an index lies in, and how it is opened: folder or cluster."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import SearchUnavailable, SettingsError
from archive.settings import ENGINES, SearchSettings
from search.engines.base import SearchEngine
from search.engines.elastic_bulk import Patience
from search.engines.tantivy_engine import TantivyEngine

if TYPE_CHECKING:
    from search.engines.elastic_engine import Cluster

EMBEDDED, CLUSTERED = ENGINES
KEY_BYTES = 4_096
"""An API key is some dozens of characters."""


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Opens the index of a generation with the engine it was made with."""

    settings: SearchSettings = field(default_factory=SearchSettings)
    random_bytes: Callable[[int], bytes] = bytes
    """For the waits between attempts: many indexers must not come back at once."""

    def open(
        self,
        kind: str,
        *,
        folder: Path,
        archive_id: str,
        writable: bool = False,
        bulk: bool = False,
    ) -> SearchEngine:
        """Open the index of the generation in `folder`; SearchUnavailable.

        `bulk`: what is written comes as fast as the engine takes it.
        """
        if kind == EMBEDDED:
            return TantivyEngine(folder / "engine", writable=writable, bulk=bulk)
        from search.engines.elastic_engine import ElasticEngine

        return ElasticEngine(
            self._cluster,
            index_name(archive_id, folder.name),
            writable=writable,
            patience=Patience(sleep=time.sleep, random=self._random),
        )

    def _random(self) -> float:
        return self.random_bytes(1)[0] / 256

    def publish(self, kind: str, *, archive_id: str, kept: list[str]) -> None:
        """Let the cluster's alias mean the first of the generations `kept`."""
        if kind == EMBEDDED:
            return
        names = [index_name(archive_id, generation) for generation in kept]
        self._cluster.point_alias(alias_name(archive_id), names[0])
        self._cluster.drop_indices(alias_name(archive_id), names)

    @cached_property
    def _cluster(self) -> "Cluster":
        settings = self.settings
        if settings.url is None:
            raise SearchUnavailable(
                "this index lies in an Elasticsearch cluster and no [search] url is "
                "set; set it, or run `evidence index --engine tantivy`"
            )
        try:
            from search.engines.elastic_engine import Cluster, ClusterAccess
        except ImportError as error:
            raise SearchUnavailable(
                "the Elasticsearch client is not installed; run pip install "
                "--require-hashes -r requirements/cluster.txt"
            ) from error
        return Cluster(
            ClusterAccess(
                url=settings.url,
                api_key=_read_key(settings.api_key_file),
                ca_path=settings.ca_file,
                replicas=settings.replicas,
            )
        )


def alias_name(archive_id: str) -> str:
    """The alias of an archive's index in use."""
    return f"evidence-{archive_id}"


def index_name(archive_id: str, generation: str) -> str:
    """The index of one generation of an archive."""
    return f"{alias_name(archive_id)}-{generation}"


def _read_key(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        with path.open("rb") as stream:
            key = stream.read(KEY_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"[search] api_key_file {path} cannot be read") from error
    if not key:
        raise SettingsError(f"[search] api_key_file {path} is empty")
    return key
