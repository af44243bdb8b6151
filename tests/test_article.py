"""Checks the article that answers are drawn from: every fact it owes its reader is in it, where a
footnote can quote it, and its text is clean enough to be quoted letter for letter.
"""

import re

import pytest

from tests.source import ROOT

ARTICLE = ROOT / "index" / "articles" / "japan-russia.md"
TEXT = ARTICLE.read_text("utf-8")

MIN_WORDS = 1500

HEADINGS = [
    "Abe's new approach",
    "The shadow of China",
    "How the leverage slipped away",
    "The break over Ukraine",
    "What may come next",
]

IN_ONE_SENTENCE: dict[str, tuple[str, ...]] = {
    # The introduction
    "no-treaty-since-the-war": (r"never signed a peace treaty", r"Second World War"),
    "the-quarrel-is-over-the-kurils": (r"quarrel over the Kuril Islands", r"warlike"),
    "earlier-attempts-to-mend-ties": (r"more than one leader has tried", r"Ties"),
    "abe-tried-hardest": (r"most determined", r"Shinzō Abe", r"former prime minister"),
    "invasion-sanctions-suspension": (r"invaded Ukraine", r"sanctions", r"talks .* suspended"),
    "relations-have-worsened": (r"Relations .* worsened",),
    "ukraine-forces-a-reset": (r"war in Ukraine", r"Tokyo", r"diplomatic reset"),
    "fallout-may-be-leverage": (r"fallout", r"leverage", r"negotiating table"),
    "settlement-may-help-washington": (r"settlement", r"United States", r"Indo-Pacific"),
    "through-weaker-sanctions": (r"weakening of the economic sanctions on Russia",),
    "outcomes-depend": (r"depends on", r"diplomats", r"lines up", r"wars and alliances"),
    # Abe's new approach
    "soviet-seizure": (r"last days of the Second World War", r"Soviet Union seized four islands"),
    "the-four-islands": (r"Etorofu", r"Habomai", r"Kunashiri", r"Shikotan"),
    "two-names": (r"Russia .* Southern Kurils", r"Japan .* Northern Territories"),
    "nearly-eight-decades": (r"unsettled for nearly eight decades",),
    "earlier-efforts-failed": (r"Earlier efforts .* failed",),
    "priority-in-2012": (r"\b2012\b", r"Russia a priority"),
    "why-islands-and-treaty": (r"courted Vladimir Putin", r"because", r"islands", r"peace treaty"),
    "first-combined-ministers-meeting": (r"foreign ministers", r"defence ministers", r"first"),
    "twenty-seven-meetings": (r"Abe met Putin twenty-seven times", r"seven years of his tenure"),
    "the-puppy": (r"offer the Russian president a puppy",),
    "money-was-new": (r"new in Abe's diplomacy was money",),
    "why-economic-incentives": (r"economic incentives", r"treaty talks", r"because"),
    "eight-points-in-2016": (r"\b2016\b", r"plan for economic cooperation with eight points"),
    "joint-oil-and-gas": (r"develop Russian oil and gas fields jointly",),
    "infrastructure-in-a-city": (r"infrastructure in a Russian city", r"Japanese help"),
    "loan-to-sberbank": (r"loan from Japan to Sberbank",),
    "eastern-economic-forum": (r"Eastern Economic Forum every year from 2016 to 2019", r"Abe"),
    "agreement-of-early-2019": (r"Early in 2019", r"Joint Declaration of 1956", r"basis"),
    "two-islands-for-two-claims": (r"hand over two", r"give up its claim to the remaining two"),
    "strained-in-2022": (r"\b2022\b", r"negotiations were halted", r"relations sank"),
    # China
    "chinese-build-up": (r"early 2010s", r"armed forces", r"assertive", r"Senkaku Islands"),
    "senkakus-in-east-china-sea": (r"East China Sea", r"Senkaku Islands"),
    "focus-to-the-south": (r"danger from China", r"focus of its defence to the south"),
    "about-a-decade": (r"turn took about a decade",),
    "bases-on-the-ryukyus": (r"Ryukyu Islands", r"new bases for missiles and radar"),
    "troops-to-kyushu": (r"exercises", r"troops", r"from Hokkaidō to Kyushu"),
    "largest-since-the-cold-war": (r"No exercise", r"since the Cold War was as big"),
    "defence-spending": (r"policies of long standing", r"steep rise in defence spending"),
    "worry-about-china": (r"Worry about Chinese power drove Abe's diplomacy",),
    "the-quad": (r"Quad", r"Japan", r"Australia, India and the United States"),
    "purpose-of-the-quad": (r"Quad", r"balance China", r"influence in the Indo-Pacific"),
    "why-resources": (r"warmer ties with Russia", r"because", r"resources", r"threat from China"),
    "why-counterweight": (r"courted Putin because", r"counterweight to China in Northeast Asia"),
    "harder-for-beijing": (r"Beijing", r"recruit Moscow", r"common front against Japan"),
    # Leverage
    "sanctions-after-2014": (r"sanctions", r"\b2014\b", r"reason to negotiate"),
    "offers-first-welcome": (r"At first Moscow welcomed the economic offers", r"because"),
    "growth-by-2018": (r"By 2018", r"growing at a healthy rate"),
    "american-chinese-tension": (r"tension between America and China", r"Moscow"),
    "moscow-prefers-china": (r"partnership with China", r"attractive to Moscow", r"American ally"),
    "no-pressure-no-hurry": (r"Without lasting pressure", r"economic or political", r"no hurry"),
    "russia-holds-all-four": (r"held all four of the islands", r"military presence on the Kurils"),
    "plan-not-enough": (r"eight points were not enough",),
    "islands-are-a-lever": (r"islands gave Moscow a political lever", r"too little", r"allies"),
    "hopes-of-late-2018": (r"Hopes ran high", r"late 2018"),
    "chance-gone-as-abe-left": (r"Two years later, when Abe left office", r"appeared to be gone"),
    "fresh-opening-in-2022": (r"Japan joined in the sanctions", r"fresh opening for Tokyo"),
    "kishida-succeeds": (r"Fumio Kishida", r"prime minister", r"successor", r"firmer line"),
    "inherent-territory": (r"Kishida", r"Northern Territories", r'"inherent territory"'),
    "assets-and-diplomats": (r"froze assets .* Russian banks", r"expelled Russian diplomats"),
    # Ukraine
    "departure-from-tradition": (r"Japanese foreign policy away from its traditional course",),
    "zelensky-to-the-diet": (r"23 March 2022", r"Volodymyr Zelensky", r"Diet"),
    "without-precedent": (r"Nothing like it had happened before", r"support for Ukraine"),
    "drones-and-gear": (r"Ukraine", r"drones and protective gear", r"pacifist"),
    "refugees": (r"Ukrainian refugees", r"reluctant to grant asylum"),
    "pledges-of-money": (r"\$200 million .* humanitarian", r"a further \$600 million"),
    "closer-to-nato": (r"brought Japan closer to NATO",),
    "partner-of-nato": (r"foreign minister", r"U\.S\.-led European alliance", r'"partner"'),
    "cooperation-never-so-far": (r"Cooperation .* never gone so far",),
    "summit-in-june": (r"Kishida", r"invited to the summit of NATO leaders in June"),
    "finance-and-trade-sanctions": (r"sanctions on finance and trade", r"hard line", r"islands"),
    "exercises-on-the-islands": (r"Russia held military exercises on the islands",),
    "peace-talks-ended": (r"broke off the negotiations on a peace agreement",),
    "unfriendly-country": (r'"unfriendly" country',),
    "kishida-starts-afresh": (r"Towards Moscow", r"Kishida started afresh"),
    "expulsions-on-both-sides": (r"Each country expelled diplomats of the other",),
    "entry-and-visas": (r"restrictions on entry and on visa-free travel",),
    "condemnation": (r"joined the international condemnation of Russia", r"complicated"),
    # The future
    "a-thaw-is-possible": (r"frosty", r"thaw"),
    "pressure-may-move-moscow": (r"pressure", r"\b2022\b", r"Moscow to think again"),
    "incentives-may-appeal": (r"incentives from Tokyo", r"once found too small", r"look better"),
    "dividing-the-west": (r"talks with Japan could divide the Western countries",),
    "stronger-position": (r"future negotiations in a stronger position",),
    "success-uncertain": (r"Success is far from certain",),
    "china-may-restrain": (r"China", r"stay apart", r"hold Russia back"),
    "more-concessions": (r"Sceptics", r"more concessions", r"treaty"),
    "coal-but-oil-and-gas": (r"banned imports of Russian coal", r"oil and natural gas"),
    "salmon-and-trout": (r"In April", r"quotas for salmon and trout", r"channels remain open"),
    "leverage-depends-on-sanctions": (r"leverage", r"how severe the Western sanctions"),
    "tighter-sanctions": (r"tightened further", r"hand may grow stronger"),
    "tension-as-in-the-cold-war": (r"tension .* between China and Russia", r"Cold War"),
    "kishida-not-interested-now": (r"Kishida", r"no interest", r"later events"),
    "not-upset-allies": (r"cannot afford to upset its Western allies", r"United States"),
    "the-case-to-washington": (r"Washington", r"in the long run", r"on China instead of Russia"),
    "others-to-press-moscow": (r"encourage other countries to press Moscow",),
}
"""Each fact, and what must all occur in one sentence: what a footnote can quote whole."""

IN_ONE_PARAGRAPH: dict[str, tuple[str, ...]] = {
    "the-plan-and-its-parts": (r"\b2016\b", r"oil and gas", r"infrastructure", r"Sberbank"),
    "the-bargain-and-its-basis": (r"\b2019\b", r"\b1956\b", r"hand over two", r"remaining two"),
    "the-turn-south": (r"missiles and radar", r"Kyushu", r"Cold War", r"defence spending"),
    "the-lost-chance": (r"late 2018", r"Abe left office"),
    "kishida-turns": (r"Kishida", r"inherent territory", r"froze", r"expelled"),
    "aid-of-every-kind": (r"drones", r"refugees", r"\$200 million", r"\$600 million"),
    "nato": (r"NATO meetings", r"partner", r"June"),
    "moscow-hits-back": (r"three ways", r"exercises", r"broke off", r"unfriendly"),
    "what-could-stop-it": (r"Success", r"China", r"Sceptics"),
    "threads-that-held": (r"coal", r"natural gas", r"salmon and trout"),
}
"""What belongs together, and what must all occur in one paragraph: what a search returns."""


def _paragraphs() -> list[str]:
    return [block for block in TEXT.split("\n\n") if not block.startswith("#")]


def _sentences() -> list[str]:
    ends = re.compile(r'(?<=[.?!])\s+|(?<=[.?!]")\s+')
    return [one for block in _paragraphs() for one in ends.split(block.strip())]


def _where(patterns: tuple[str, ...], pieces: list[str]) -> list[str]:
    return [one for one in pieces if all(re.search(pattern, one) for pattern in patterns)]


@pytest.mark.parametrize(
    "patterns", list(IN_ONE_SENTENCE.values()), ids=list(IN_ONE_SENTENCE.keys())
)
def test_a_sentence_tells_the_fact(patterns: tuple[str, ...]) -> None:
    """One sentence says all of it, so that a footnote need quote no more than that sentence."""
    assert _where(patterns, _sentences()), patterns


@pytest.mark.parametrize(
    "patterns", list(IN_ONE_PARAGRAPH.values()), ids=list(IN_ONE_PARAGRAPH.keys())
)
def test_a_paragraph_keeps_together_what_belongs_together(patterns: tuple[str, ...]) -> None:
    """Facts that explain each other stand in one paragraph, so that one passage holds them."""
    assert _where(patterns, _paragraphs()), patterns


def test_the_sentences_are_told_apart() -> None:
    """The initials in "U.S.-led" end no sentence, and no sentence is left unfinished."""
    assert len(_where((r"U\.S\.-led European alliance",), _sentences())) == 1
    assert [one for one in _sentences() if not re.search(r'[.?!]"?$', one)] == []


def test_the_reasons_for_courting_putin_are_given_as_reasons() -> None:
    """At least four sentences about Abe or his plan say why, in so many words."""
    assert len(_where((r"\b(?:Abe|He|Moscow welcomed)\b", r"\bbecause\b"), _sentences())) >= 4


def test_the_article_is_long_enough() -> None:
    """At least 1,500 words, headings not counted."""
    assert sum(len(block.split()) for block in _paragraphs()) >= MIN_WORDS


def test_the_article_opens_with_its_only_title() -> None:
    """There is one H1, on the first line, and an introduction comes before the first H2."""
    assert re.findall(r"^# .*", TEXT, re.MULTILINE) == [TEXT.splitlines()[0]]
    assert not TEXT.split("\n\n")[1].startswith("#")


def test_the_headings_are_the_sections() -> None:
    """The H2 headings are the five sections, in order, and there are none of a lower level."""
    assert re.findall(r"^##+ .*", TEXT, re.MULTILINE) == [f"## {one}" for one in HEADINGS]


def test_no_stray_white_space() -> None:
    """No tab, no no-break space, no white space at a line's end; one line feed ends the file."""
    assert re.findall(r"[\t\r\u00a0\u200b]| {2}", TEXT) == []
    assert [line for line in TEXT.splitlines() if line != line.rstrip()] == []
    assert TEXT.strip() + "\n" == TEXT
    assert "\n\n\n" not in TEXT


def test_quotation_marks_are_of_one_kind() -> None:
    """Quotation marks and apostrophes are plain throughout, and each one opened is closed."""
    assert re.findall(r"[‘’“”]", TEXT) == []
    assert [block for block in _paragraphs() if block.count('"') % 2] == []


def test_nothing_but_prose() -> None:
    """No link, no address, no list, no front matter: headings and paragraphs of one line each."""
    assert re.findall(r"\]\(|https?:|www\.|^[-*>|] |^---", TEXT, re.MULTILINE) == []
    assert [block for block in _paragraphs() if "\n" in block.strip()] == []
