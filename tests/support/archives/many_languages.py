"""An archive of pages in several languages, with repeats, failures and odd replies."""

import random
from datetime import date, timedelta

from archive.capture import CaptureOutcome
from tests.support.archives.search_archive import ArchiveBox

PAGES = 60
SENTENCES = {
    "be": (
        "Ціханоўская сустрэлася з назіральнікамі ў Вільні.",
        "Вынікі выбараў абвясціла камісія ў Мінску.",
        "Палітвязняў вызвалілі пасля выбараў прэзідэнта.",
        "Бяляцкі выступіў з заявай пра 1265 зняволеных.",
    ),
    "ru": (
        "Тихановская встретилась с наблюдателями в Вильнюсе.",
        "Результаты выборов объявила комиссия в Минске.",
        "Политзаключённых освободили после выборов президента.",
        "Беляцкий выступил с заявлением о 1 265 заключённых.",
    ),
    "uk": (
        "Тихановська зустрілася зі спостерігачами у Вільнюсі.",
        "Результати виборів оголосила комісія в Мінську.",
    ),
    "pl": (
        "Cichanouska spotkała się z obserwatorami w Wilnie.",
        "Wyniki wyborów ogłosiła komisja w Mińsku.",
        "Więźniów politycznych uwolniono po wyborach prezydenta.",
    ),
    "lt": (
        "Cichanouskaja susitiko su stebėtojais Vilniuje.",
        "Rinkimų rezultatus paskelbė komisija Minske.",
    ),
    "en": (
        "Tsikhanouskaya met the observers in Vilnius.",
        "The commission in Minsk announced the election results.",
        "Political prisoners were released after the presidential election.",
        "Bialiatski spoke of 1,265 prisoners in a statement.",
    ),
}


def fill_box(made: ArchiveBox) -> None:
    """Capture all of it."""
    rng = random.Random(1994)
    exchanges = []
    for number in range(PAGES):
        code = rng.choice(list(SENTENCES))
        lines = rng.choices(SENTENCES[code], k=rng.randint(1, 5))
        exchanges.append(
            made.exchange(
                f"https://{code}.example/news/{number % 50}",
                _page(f"{code} {number % 7}", lines, _claimed(number)),
                source_id=f"source-{code}",
                status=404 if number % 13 == 0 else 200,
            )
        )
    for numbers in ((1, 2, 3), (0, 1, 2, 3), (1, 2, 3)):
        exchanges.append(
            made.exchange(
                "https://en.example/digest", _digest(numbers), source_id="source-en"
            )
        )
    for outcome, host in (
        (CaptureOutcome.DNS, "dead"),
        (CaptureOutcome.TIMEOUT, "slow"),
    ):
        exchanges.append(
            made.exchange(f"https://{host}.example/results", outcome=outcome)
        )
    made.capture(*exchanges)


def _claimed(number: int) -> str:
    """Every third page names no date; one contradicts itself."""
    if number % 3 == 0:
        return ""
    day = date(2025, 1, 28) - timedelta(days=number * 9)
    other = '<meta name="pubdate" content="2023-05-05">' if number % 20 == 1 else ""
    stated = f'<meta property="article:published_time" content="{day}T23:30:00+03:00">'
    return stated + other


def _digest(numbers: tuple[int, ...]) -> str:
    """A page of several articles, each with a date of its own."""
    items = "".join(
        f"<h2>Article number {number}</h2><p>Jan {20 + number}, 2025</p>"
        f"<p>{SENTENCES['en'][number]} {SENTENCES['en'][number - 1]}</p>"
        f"<p>Nobody was told before the evening what had been decided.</p>"
        for number in reversed(numbers)
    )
    return (
        "<!doctype html><html><head><title>Digest zebra</title></head>"
        f"<body><main>{items}</main></body></html>"
    )


def _page(title: str, lines: list[str], head: str) -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>"
        "<nav><a href='/'>Minsk news, start page</a></nav>"
        f"<article><h1>{title}</h1>{paragraphs}</article>"
        "<footer>Imprint and contact, Vilnius</footer></body></html>"
    )
