"""Mirrors: joined where texts agree, shown side by side where they do not."""

import pytest

from search.report.comparing.facts import Stories, find_facts
from search.report.kinship.mirrors import Sighting, State, find_copies, find_mirrors

STORY = "\n".join(
    (
        "The commission met",
        "The commission met on Friday and set the day of the vote, 26 January 2025.",
        "It said that 5,916 observers had been accredited, none of them from abroad.",
        "Human rights defenders said that they could not watch the count of the votes.",
        "The count ended at four in the morning, and nobody was shown the protocols.",
    )
)


def sighting(host: str, text: str = STORY, key: str = "outlet:83287") -> Sighting:
    return Sighting(
        capture_id=f"{abs(hash((host, text))):064x}"[:64],
        uri=f"https://{host}/news/83287.html",
        key=key,
        text=text,
    )


def test_one_article_on_four_hosts_is_joined_whatever_their_furniture() -> None:
    framed = f"Open in the app\n{STORY}\nOur mirror: m4.example\nShare"
    spaced = STORY.replace(" ", "\u00a0", 3).replace("\n", "\n\n")
    members = [
        sighting("main.example"),
        sighting("m2.example"),
        sighting("m3.example", spaced),
        sighting("m4.example", framed),
    ]
    (found,) = find_mirrors(members)
    assert found.state is State.CONFIRMED
    assert {one.uri for one in found.members} == {one.uri for one in members}


def test_a_mirror_with_an_altered_paragraph_is_flagged_and_not_joined() -> None:
    altered = STORY.replace("none of them from abroad", "and many of them from abroad")
    members = [
        sighting("main.example"),
        sighting("m2.example"),
        sighting("clone.example", altered),
    ]
    confirmed, conflict = find_mirrors(members)
    assert confirmed.state is State.CONFIRMED
    assert all("clone" not in one.uri for one in confirmed.members)
    assert conflict.state is State.CONFLICT
    assert conflict.members[-1].uri.startswith("https://clone.example")
    (change,) = conflict.differences
    assert change.before is not None
    assert change.after is not None
    assert "none of them" in change.before.text
    assert "many of them" in change.after.text


def test_one_altered_figure_is_enough_and_a_lost_paragraph_too() -> None:
    for text in (
        STORY.replace("5,916", "5,961"),
        STORY.rpartition("\n")[0],
        STORY.replace("The commission met\n", "").replace("26 January", "27 January"),
    ):
        found = list(find_mirrors([sighting("a.example"), sighting("b.example", text)]))
        assert [one.state for one in found] == [State.CONFLICT]


def test_the_same_story_under_two_ids_is_joined_by_its_text() -> None:
    one = sighting("a.example", key="outlet:121239")
    other = sighting("b.example", f"{STORY}\nRead also", key="outlet:121099")
    assert list(find_mirrors([one, other])) == []
    (found,) = find_copies([one, other]).found
    assert found.state is State.SAME_TEXT
    assert {member.key for member in found.members} == {one.key, other.key}


def test_stories_that_share_only_years_and_a_name_are_not_joined() -> None:
    other = "In 2025 Lukashenka spoke in Minsk about the harvest of 2024. " * 5
    two = [sighting("a.example"), sighting("b.example", other, "x:1")]
    assert find_copies(two).found == ()


def test_pairs_that_were_not_compared_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    three = [sighting(f"{n}.example", f"{STORY} {n}", f"k:{n}") for n in range(3)]
    assert find_copies(three).pairs_left_out == 0
    monkeypatch.setattr("search.report.kinship.mirrors.PAIRS", 1)
    cut = find_copies(three)
    assert (len(cut.found), cut.pairs_left_out) == (1, 2)


def test_facts_are_alike_in_every_spelling_of_numbers_and_names() -> None:
    english = find_facts(
        "There 1,250 people and Lukashenko met Tsikhanouskaya, 5 916 195."
    )
    other = find_facts("There 1250 people and Lukashenka met Cichanouskaja, 5916195.")
    assert english.numbers == other.numbers == {"1250", "5916195"}
    assert english.names == other.names
    assert len(english.names) == 2
    assert Stories(["nothing", "at all"]).compare(0, 1).share == 0.0
