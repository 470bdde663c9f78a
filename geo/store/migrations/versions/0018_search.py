"""what places, streets, addresses, codes and cameras are found by."""

import unicodedata
from collections import Counter, defaultdict
from functools import cache

from alembic import op
from sqlalchemy import text

from geo.store.migrations import apply_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LAYERS = ("area", "camera", "place", "entrance", "centre", "address", "pole", "road", "building")
LAST = 0xFFFF
MOST = 3
RARE = 20
"""One use in so many is rare."""
READ = "INSERT INTO govgrid.letter_reading SELECT * FROM unnest(:letters, :initials, :syllables)"


def upgrade() -> None:
    """Make the tables, then fill them: readings of letters, and what is stored already."""
    apply_sql("0018_search.sql")
    letters, initials, syllables = zip(*_readings(), strict=True)
    connection = op.get_bind()
    values = {"letters": list(letters), "initials": list(initials), "syllables": list(syllables)}
    connection.execute(text(READ), values)
    connection.execute(text("ANALYZE govgrid.letter_reading"))
    for layer in (*LAYERS, "water"):
        connection.execute(
            text("SELECT govgrid.derive_search_text(:layer, NULL)"), {"layer": layer}
        )


def _readings() -> list[tuple[str, str, str]]:
    """Return each letter of the basic plane with its initials and syllables, without tones.

    Readings that hardly a phrase of the dictionary has (号 as xiao) are left out: no place is
    sought by them, and each doubles the ways in which a name may be spelt.
    """
    from pypinyin.constants import PINYIN_DICT

    uses, found = _uses(), []
    for number, readings in PINYIN_DICT.items():
        if number <= LAST:
            plain = dict.fromkeys(_without_tone(each) for each in readings.split(","))
            known = [each for each in plain if each.isascii() and each]
            counted = uses.get(chr(number), Counter())
            least = counted.total() / RARE
            kept = [s for n, s in enumerate(known) if n == 0 or counted[s] >= least][:MOST]
            if kept:
                initials = dict.fromkeys(each[0] for each in kept)
                found.append((chr(number), " ".join(initials), " ".join(kept)))
    return found


def _uses() -> dict[str, Counter[str]]:
    """Return how often each letter is read how, over all phrases that the dictionary knows."""
    from pypinyin.constants import PHRASES_DICT

    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, readings in PHRASES_DICT.items():
        for letter, (reading, *_) in zip(phrase, readings, strict=False):
            found[letter][_without_tone(reading)] += 1
    return found


@cache
def _without_tone(syllable: str) -> str:
    """Return a syllable in the letters that people type: lǜ is lv."""
    apart = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
