"""What is known of English words beforehand: vectors, rarity, names, opposites, negation.

`lexicon()` loads `words.npz` (made by `eval/fit_words.py`) once. The tables below were written by
hand. Pure but for that file, which is read on first use.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.words import fold, stem

WORDS_FILE = Path(__file__).with_name("words.npz")

_UNKNOWN_RARITY = 0.9
_NAME_SHARE, _NO_DATA = 150, 255
"""Of 250: from here on a word is a name rather than something else."""

NEGATIONS = frozenset(
    """not no never neither nor none nobody nothing nowhere without cannot hardly scarcely barely
    rarely seldom refuse refused refuses refusing fail failed fails failing failure deny denied denies
    denying decline declined lack lacked lacks lacking unable unwilling avoid avoided reject rejected
    rejects prevent prevented prevents stop stopped stops ceased forbid forbids forbidden prohibit
    prohibits prohibited prohibition ban bans banned impossible instead unlikely nt t""".split()
)
"""Words that turn what stands behind them into its contrary, said outright or implied."""

_AXES = """
rise rose risen increase grow grew grown raise climb surge gain expand upward higher more widen strengthen improve better | fall fell fallen decrease decline drop lower reduce shrink shrank lose less fewer weaken worsen worse downward narrow contract
accept agree approve support endorse embrace welcome favour favor | reject refuse oppose disapprove dispute resist condemn
before earlier prior previously precede | after later subsequently following
begin began begun start open launch commence | end ended finish close stop cease conclude halt suspend
import | export
allow permit legal authorise authorize let | ban forbid prohibit outlaw illegal bar
first | last final
north northern | south southern | east eastern | west western
win won victory winner beat defeat triumph | lose lost loss loser defeated | draw drew tie
always | never | sometimes | rarely seldom
all every entire whole | none no | some several few | most majority | minority
hot warm | cold cool frosty
large big huge major great | small little tiny minor modest
long | short brief
strong | weak
early | late
old | new
fast quick rapid | slow
cheap inexpensive | expensive costly dear
rich wealthy | poor
easy simple | difficult hard complex complicated
maximum most highest largest biggest | minimum least lowest smallest
success succeed successful | failure fail unsuccessful
inside indoors within indoor | outside outdoors outdoor
above over | below under beneath
push | pull
buy bought purchase | sell sold
borrow | lend lent loan
give gave given hand | take took taken seize receive
arrive come came enter | leave left depart exit
open | shut closed
public | private
mother | father
son | daughter
brother | sister
wife | husband
man men male boy | woman women female girl
morning | afternoon | evening | night
monday | tuesday | wednesday | thursday | friday | saturday | sunday
spring | summer | autumn | winter
breakfast | lunch | dinner supper
red | blue | green | yellow | black | white | orange | purple | brown | grey gray
gold | silver | bronze
left | right
up | down
add added | remove removed subtract
include included including | exclude excluded excluding
love like enjoy | hate dislike detest
friend ally friendly | enemy foe hostile rival unfriendly
war | peace
profit | loss
positive | negative
guilty convicted | innocent acquitted
remember | forget forgot
required mandatory compulsory obligatory must | optional voluntary
safe | dangerous unsafe hazardous
full | empty
wet | dry
adult | child children
mild moderate | severe serious
attack attacked invade invaded | defend defended
join joined | leave quit left withdraw withdrew
build built construct | destroy destroyed demolish demolished
hire hired employ | fire fired dismiss dismissed
encourage encouraged promote | discourage discouraged deter
connect attach | disconnect detach unplug
upper top | bottom
front | back rear
optimistic hopeful confident | pessimistic sceptical doubtful
praise praised | criticise criticised criticize criticized blame
same identical | different
alive living | dead
single unmarried | married
internal | external
temporary | permanent
daily | weekly | monthly | yearly annual annually
freeze froze frozen | thaw melt boil
unchanged steady stable | increased decreased rose fell
lock locked | unlock unlocked
domestic | foreign
enable enabled activate | disable disabled deactivate
import imports | export exports
salt | sugar
sweet | sour bitter
"""

DEMONYMS = """
us usa america american washington unitedstates|uk britain british london unitedkingdom england english|japan japanese tokyo
russia russian moscow kremlin|china chinese beijing|france french paris|germany german berlin
spain spanish madrid|italy italian rome|greece greek athens|netherlands dutch holland|sweden swedish stockholm
denmark danish danes|finland finnish|norway norwegian oslo|poland polish polish warsaw|ukraine ukrainian kyiv kiev
turkey turkish ankara|switzerland swiss|ireland irish dublin|portugal portuguese lisbon|wales welsh|scotland scottish scots
korea korean seoul|india indian delhi|iran iranian tehran|israel israeli jerusalem|eu european europe europeanunion
un unitednations|peru peruvian|mexico mexican|canada canadian ottawa|austria austrian vienna|belgium belgian brussels
soviet soviets ussr|vietnam vietnamese hanoi|thailand thai bangkok|egypt egyptian cairo|iraq iraqi baghdad
argentina argentine argentinian|brazil brazilian|chile chilean|cuba cuban havana|hungary hungarian budapest
"""

TITLES = frozenset(
    """dr mr mrs ms miss prof professor sir lord lady president prime minister king queen prince
    princess captain general colonel senator judge doctor chancellor the st saint secretary chief
    director chairman mayor governor coach""".split()
)

SYMMETRIC = frozenset(
    stem(w)
    for w in """meet met meeting agree agreed talk talked discuss discussed marry married cooperate
    negotiate negotiated share shared fought fight drew play played be is are was were between and or
    with together joint jointly tie ties relation relations have had has""".split()
)
"""Words beside which it does not matter who stands first."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What `words.npz` holds: a row of each array for each word of `rows`."""

    rows: dict[str, int]
    vectors: NDArray[np.float32]
    rarity: NDArray[np.float64]
    capital: NDArray[np.uint8]

    def rare(self, word: str) -> float:
        """Return how rare `word` is, 0 (in every text) to 1 (in none)."""
        row = self.rows.get(word)
        return _UNKNOWN_RARITY if row is None else float(self.rarity[row])

    def row(self, word: str) -> int:
        """Return the row of `word`'s vector; the last row is all zeros, for the unknown."""
        return self.rows.get(word, len(self.vectors) - 1)

    def is_name(self, word: str) -> bool:
        """Tell whether `word`, capitalised where any word is, is a name rather than not."""
        row = self.rows.get(word)
        if row is None:
            return True
        return bool(_NAME_SHARE <= self.capital[row] < _NO_DATA)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Load the words' file. Some 40 ms, once."""
    with np.load(WORDS_FILE) as stored:
        words = str(stored["words"]).split("\n")
        vectors = stored["vectors"].astype(np.float32) / 127
        rarity = stored["rarity"].astype(np.float64) / 255
        capital = stored["capital"]
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), np.float32)])
    return Lexicon({word: i for i, word in enumerate(words)}, padded, rarity, capital)


@lru_cache(maxsize=1)
def poles() -> dict[str, tuple[tuple[int, int], ...]]:
    """Return for each stem of the table of opposites the (axis, pole) pairs it stands on."""
    found: dict[str, list[tuple[int, int]]] = {}
    for axis, line in enumerate(_AXES.strip().split("\n")):
        for pole, words in enumerate(line.split("|")):
            for one in dict.fromkeys(map(stem, words.split())):
                found.setdefault(one, []).append((axis, pole))
    return {word: tuple(places) for word, places in found.items()}


@lru_cache(maxsize=1)
def nations() -> dict[str, int]:
    """Return for each stem of a country, its people and its capital one number they share."""
    groups = DEMONYMS.strip().replace("\n", "|").split("|")
    return {stem(fold(word)): i for i, group in enumerate(groups) for word in group.split()}
