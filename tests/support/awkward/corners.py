"""Further corners, each played on one way every day and on all ways by night."""

from tests.support.awkward.case import Case
from tests.support.awkward.corner_bodies import BODIES_BEYOND
from tests.support.awkward.corner_endings import ENDINGS_BEYOND
from tests.support.awkward.corner_heads import HEADS_BEYOND

CORNERS: list[Case] = [*HEADS_BEYOND, *BODIES_BEYOND, *ENDINGS_BEYOND]
