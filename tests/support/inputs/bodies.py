"""Bodies that are not the page, written for tests in the shapes servers send them in.

No site's own text: sentences of the kind that servers, content networks, providers and
publishers print, in the languages of this archive.
"""

from dataclasses import dataclass

UNRELATED = "A day in the life of the town, told by those who live there. "
MENU = "<nav><a href=/>Home</a><a href=/news>News</a><a href=/about>About</a></nav>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One answer."""

    html: str
    uri: str = "https://outlet.example/news/117"
    asked: str | None = None
    status: int = 200


def shaped(title: str, *paragraphs: str, head: str = "", menu: bool = False) -> str:
    """A small page."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>"
        f"{MENU if menu else ''}{text}</body></html>"
    )


def of(*htmls: str, status: int = 200) -> tuple[Body, ...]:
    """Bodies that differ in nothing else."""
    return tuple(Body(html=html, status=status) for html in htmls)


GEO_BLOCK = (
    *of(
        shaped("Sorry", "This content is not available in your country."),
        shaped("Отказ", "Сайт недоступен в вашей стране."),
        shaped("Доступ", "Доступ из вашей страны к этому ресурсу закрыт."),
        shaped("News", "This page isn’t available in your region.", menu=True),
        shaped("Unavailable", "We are unavailable in most European countries."),
        shaped("Памылка", "Матэрыял недаступны ў вашай краіне."),
    ),
    Body(html=shaped("451", "Unavailable"), status=451),
    Body(
        html=shaped("Forbidden", "Access from your country has been denied."),
        status=403,
    ),
    *of(shaped("403", "Доступ запрещён для пользователей из зарубежных стран.")),
)
BLOCK_PAGE = (
    *of(
        shaped("Доступ ограничен", "Доступ к информационному ресурсу ограничен."),
        shaped("", "Доступ к сайту ограничен на основании решения министерства."),
        shaped("Абмежавана", "Доступ да рэсурсу абмежаваны."),
        shaped("Blocked", "Access to this website has been blocked by order."),
        shaped("Notice", "This website is blocked under the law on mass media."),
        shaped("", "Сайт заблокирован. Обратитесь к оператору связи."),
        shaped("!", "Ресурс внесён в список ограниченного доступа."),
        shaped("Filter", "The requested URL is blocked in this network."),
    ),
    Body(html=shaped("Sign in to the network", "Portal"), status=511),
)
CHALLENGE = (
    Body(
        html=shaped(
            "Just a moment...",
            "Enable JavaScript and cookies to continue",
            head="<script>window._cf_chl_opt={}</script>",
        ),
        status=403,
    ),
    Body(html=shaped("Attention Required! | Cloudflare", "Please wait"), status=503),
    *of(
        shaped("DDoS-Guard", "Checking your browser before accessing the site."),
        shaped("", "Подтвердите, что запросы отправляли вы, а не робот"),
        shaped("Проверка браузера", "Подождите несколько секунд"),
        shaped("Wait", "Verifying you are human. This may take a few seconds."),
        shaped(
            "", "", head="<script src='https://geo.captcha-delivery.com/c.js'></script>"
        ),
        "<html><body><form id=challenge></form>one moment"
        "<script src=/_Incapsula_Resource?x=1></script></body></html>",
        shaped("Robot Check", "Enter the characters you see below"),
    ),
)
PAYWALL_TEASER = (
    *of(
        shaped(
            "Story",
            "The commission met on Friday and put off its decision.",
            "The material is available only to OUTLET+",
            menu=True,
        ),
        shaped(
            "Матэрыял",
            "Камісія сабралася ў пятніцу.",
            "Матэрыял даступны толькі падпісчыкам",
        ),
        shaped("Статья", "Начало истории.", "Материал доступен только подписчикам."),
        shaped(
            "Ещё", "Начало.", "Чтобы прочитать статью полностью, оформите подписку."
        ),
        shaped("Report", "It began at noon.", "Subscribe to continue reading."),
        shaped("Bericht", "Es begann am Mittag.", "Dieser Artikel ist für Abonnenten."),
        shaped("Récit", "Tout a commencé à midi.", "Article réservé aux abonnés."),
        shaped(
            "Long read",
            "It began at noon and nobody had expected it to begin at all.",
            head='<script type="application/ld+json">'
            '{"@type": "NewsArticle", "isAccessibleForFree": false}</script>',
        ),
    ),
    Body(html=shaped("Payment", "Pay first"), status=402),
)
COOKIE_WALL = (
    *of(
        shaped("Before you continue", "Accept all or reject all.", menu=False),
        shaped("Cookie consent", "Accept all | Settings"),
        shaped("Welcome", "Please accept cookies to continue to the site."),
        shaped("Сайт", "Чтобы продолжить, согласитесь на использование cookie."),
        shaped("Zustimmung", "Mit Werbung und Tracking weiterlesen"),
        shaped("Privacy", "To continue reading, agree to the use of cookies."),
    ),
    Body(
        html=shaped("Choices", "We and our partners", "Accept all"),
        uri="https://consent.outlet.example/v2/collect?session=1",
        asked="https://outlet.example/news/117",
    ),
    Body(
        html=shaped("Outlet", "Choose how to go on"),
        uri="https://outlet.example/privacy-gate?next=/news/117",
        asked="https://outlet.example/news/117",
    ),
)
FORM = "<form action=/in><input name=user><input type=password></form>"
LOGIN_WALL = (
    Body(html=shaped("Sign in", "Name and password"), status=401),
    Body(
        html=shaped("Outlet", "Welcome back", FORM),
        uri="https://outlet.example/login?next=/news/117",
        asked="https://outlet.example/news/117",
    ),
    Body(
        html=shaped("Вход", "Имя и пароль", FORM),
        uri="https://outlet.example/accounts/login/",
        asked="https://outlet.example/news/117",
    ),
    *of(
        shaped("Outlet", FORM),
        shaped("Members", "Log in to continue.", menu=True),
        shaped("Форум", "Войдите, чтобы читать дальше."),
        shaped("Форум", "Требуется авторизация на сайте."),
        shaped("Форум", "Увайдзіце, каб чытаць далей."),
        shaped("Group", "You must be logged in to see this group."),
    ),
)
SOFT_404 = (
    *of(
        shaped("404", "Try the search."),
        shaped("Page not found - Outlet", "Try the search.", menu=True),
        shaped("Страница не найдена", "Вернуться на главную", menu=True),
        shaped("Старонка не знойдзена | Выданне", "На галоўную"),
        shaped("Outlet", "The page you are looking for does not exist."),
        shaped("Газета", "Запрашиваемая вами страница не существует.", menu=True),
        shaped("Seite nicht gefunden", "Zur Startseite"),
        shaped("Газета", "Материал был удалён. Читайте также: новости дня."),
    ),
    Body(
        html=shaped("Outlet", UNRELATED * 20, menu=True),
        uri="https://outlet.example/",
        asked="https://outlet.example/en/news/117",
    ),
)
PARKED = of(
    shaped("outlet.example", "This domain is for sale. Make an offer."),
    shaped("outlet.example", "Related searches: elections, news, insurance"),
    shaped("Домен", "Домен продаётся. Узнать цену."),
    shaped("Домен", "Срок регистрации домена истёк."),
    shaped("Welcome to nginx!", "Welcome to nginx! If you see this page"),
    shaped("outlet.example", "Buy this domain today"),
    shaped("Suspended", "This account has been suspended. Contact your provider."),
    shaped("", "Loading", head="<script src=//d1.parkingcrew.net/p.js></script>"),
)
EMPTY = (
    *of(
        "",
        "<html><body></body></html>",
        "<html><head><title>Outlet</title></head><body><div id=root></div>"
        "<script src=/app.js></script></body></html>",
        "<html><body><noscript>Turn scripts on</noscript><script>1</script></body>",
        "<html><body><iframe src=//other.example/></iframe></body></html>",
        "<html><head><meta http-equiv=refresh content=0></head><body> </body></html>",
        "<!DOCTYPE html><html><body><style>p{}</style><p>&nbsp;</p></body></html>",
        "<html><body><!-- nothing --><br><hr></body></html>",
    ),
)
ERROR = (
    Body(html=shaped("Oops", "Something went wrong"), status=500),
    Body(html=shaped("Not Found", "Not Found", FORM), status=404),
    Body(html=shaped("Gone", "Gone"), status=410),
    Body(html=shaped("Forbidden", "Forbidden"), status=403),
    *of(
        shaped("Database Error", "Error establishing a database connection"),
        shaped("Технические работы", "Приносим извинения"),
        shaped("502 Bad Gateway", "nginx"),
        shaped("Outlet", "Fatal error: Uncaught Error in index.php"),
        shaped("Outlet", "Сайт временно недоступен. Зайдите позже."),
        shaped("Access denied", "Reference 18.2"),
    ),
)
NOT_PAGES: dict[str, tuple[Body, ...]] = {
    "geo-block": GEO_BLOCK,
    "block-page": BLOCK_PAGE,
    "challenge": CHALLENGE,
    "paywall-teaser": PAYWALL_TEASER,
    "cookie-wall": COOKIE_WALL,
    "login-wall": LOGIN_WALL,
    "soft-404": SOFT_404,
    "parked": PARKED,
    "empty": EMPTY,
    "error": ERROR,
}
LONG = UNRELATED * 60
PAGES = tuple(
    Body(html=html, uri=f"https://outlet.example/news/{number}")
    for number, html in enumerate(
        (
            shaped("On blocking", "Сайт недоступен в вашей стране, пишут. " + LONG),
            shaped(
                "On errors", "They saw: access from your country is denied. " + LONG
            ),
            shaped("404 days in prison", "He spent 404 days in prison. " + LONG),
            shaped("Outlet", LONG, "Subscribe to continue reading our letters."),
            shaped("Outlet", LONG, "We use cookies: accept all", menu=True),
            shaped("Outlet", LONG, FORM),
            shaped("The domain", "The domain of the outlet is for sale. " + LONG),
            shaped("Short", "Выбары прызначаны на 26 студзеня 2025 года."),
            shaped("Kurz", "Die Wahl findet am 26. Januar statt.", menu=True),
            shaped(
                "Outlet",
                LONG,
                head="<script src=/cdn-cgi/challenge-platform/h/></script>",
            ),
            shaped(
                "Free or not",
                LONG,
                head='<script type="application/ld+json">'
                '{"isAccessibleForFree": false}</script>',
            ),
            "<p>text",
            shaped("Login in the news", LONG + "Log in to continue."),
        )
    )
)
"""Articles that speak of such things, or carry their signs, and are read in full."""
