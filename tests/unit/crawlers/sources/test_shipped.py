"""The shipped registry: every address shape we know of leads to its one source."""

import pytest

from crawlers.sources.registry import read_registry
from crawlers.sources.scope import decide
from crawlers.sources.source import Confidence, HostRole, Source

SHAPES = [
    ("rec-gov-by", "https://rec.gov.by/uploads/folderForLinks/elect18.pdf"),
    ("president-gov-by", "https://president.gov.by/ru/events/vstrecha"),
    ("kgb-by", "https://kgb.by/ru/perechen-inf-ru/"),
    ("kgb-by", "https://t.me/s/KGB_BY_channel/12"),
    ("mvd-gov-by", "https://mvd.gov.by/uploads/news/8642/spisok.docx"),
    ("mininform-gov-by", "https://mininform.gov.by/upload/iblock/446/abc.doc"),
    ("mininform-gov-by", "http://mininform2.gov.by/upload/iblock/a79/abc.doc"),
    ("pravo-by", "https://pravo.by/document/?guid=3961&p0=W22136507"),
    ("pravo-by", "https://pravo.by/upload/docs/op/W21226212_1344459600.pdf"),
    ("belta", "https://eng.belta.by/politics/view/some-words-164912-2025"),
    ("sb-by", "https://www.sb.by/articles/slovo.html"),
    ("sputnik-by", "https://bel.sputnik.by/20250126/slovy-1093.html"),
    ("bykhov-by", "https://bykhov.by/?p=254825"),
    ("viasna", "https://spring96.org/en/news/117107"),
    ("belhelcom", "https://belhelcom.org/be/node/2072"),
    ("epde", "https://epde.org/?p=15135"),
    ("tsikhanouskaya", "https://tsikhanouskaya.org/en/updates-of-work/slug.html"),
    ("nau", "https://www.belarus-nau.org/en/post/slug"),
    ("nashaniva", "https://nashaniva.com/be_latn/353900"),
    ("nashaniva", "https://dck8xvlq18iei.cloudfront.net/ru/353900"),
    ("zerkalo", "https://news.zerkalo.io/economics/83287.html"),
    ("zerkalo", "https://zerkalo-mirror5.xyz/news/amp/economics/83287.html"),
    ("pozirk", "https://aianalyticsweb.com/en/news/121239"),
    ("meduza", "https://meduza.io/news/2025/01/26/slovo"),
    ("svaboda", "https://www.svaboda.org/a/33290000.html"),
    ("charter97", "https://charter97.org/ru/news/2025/1/26/626550/"),
    ("kyivindependent", "https://kyivindependent.com/belarus-weekly-words/"),
    (
        "pace",
        "https://assembly.coe.int/nw/xml/XRef/X2H-Xref-ViewHTML.asp?FileID=34042&Lang=EN",
    ),
]


@pytest.fixture(scope="module")
def registry() -> dict[str, Source]:
    """All shipped files."""
    return read_registry()


@pytest.mark.parametrize(("source_id", "url"), SHAPES)
def test_an_address_belongs_to_its_source_alone(
    registry: dict[str, Source], source_id: str, url: str
) -> None:
    allowed = {
        name for name, source in registry.items() if decide(source, url).may_fetch
    }
    assert allowed == {source_id}


def test_what_is_not_known_well_must_prove_itself(
    registry: dict[str, Source],
) -> None:
    doubtful = {Confidence.RECALLED, Confidence.SEED}
    for source in registry.values():
        if source.confidence in doubtful:
            assert source.expect.captures_min, source.id


def test_lists_of_persons_are_restricted(registry: dict[str, Source]) -> None:
    for source_id in ("kgb-by", "mvd-gov-by", "mininform-gov-by", "politzek-me"):
        assert registry[source_id].sensitivity.restricted


def test_every_source_has_a_main_host_or_is_a_channel(
    registry: dict[str, Source],
) -> None:
    for source in registry.values():
        roles = {host.role for host in source.hosts}
        assert roles & {HostRole.MAIN, HostRole.CHANNEL}, source.id
    assert len(registry) >= 40
