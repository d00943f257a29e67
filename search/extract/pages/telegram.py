"""Previews of Telegram channels (t.me/s/NAME): messages are main text, with times.

The page is a list of messages; an extractor for articles takes it for a menu.
"""

import re

from search.extract.pages.alltext import PageTree

MESSAGES_MAX = 200
"""Messages of one page; a preview shows about twenty."""
_MARK = "tgme_widget_message_text"
_MESSAGE = "div.tgme_widget_message"
_TEXT = ".tgme_widget_message_text"
_TIME = "time"


def is_telegram(markup: str) -> bool:
    """Whether a page shows Telegram messages."""
    return _MARK in markup


def telegram_main(tree: PageTree) -> str:
    """Messages in page order, a blank line between; time first where there is one."""
    messages = []
    for parts in tree.parts_of(_MESSAGE, (_TEXT, _TIME), limit=MESSAGES_MAX):
        text, time = parts
        if text:
            lines = re.sub(r"[ \t]+", " ", text).strip()
            messages.append(f"{time}\n{lines}" if time else lines)
    return "\n\n".join(messages)
