"""An unsupported claim is not shown, and footnotes are numbered in reading order without gaps."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import DeclineReason, Said
from assistant.ground import MIN_SUPPORT, Drafted, Ending, Grounded, Grounder, Source
from assistant.support import Judge, Support, verbatim
from index.passage import Document, Hit, Page, Passage, Section, Span

FERRY = Document(
    "ferry",
    "The ferry",
    "ferry.md",
    "It sank. It burnt. It rusts.",
    (Section("", 0, 0, 8), Section("Fire", 1, 9, 28, ("Fire",))),
    (Page(1, 0, 18), Page(2, 18, 28)),
)
QUAY = Document("quay", "The quay", "quay.md", "It stands. It leaks.")
SANK, BURNT, RUSTS = (Source(FERRY, Span(*at)) for at in ((0, 8), (9, 18), (19, 28)))
STANDS, LEAKS = (Source(QUAY, Span(*at)) for at in ((0, 10), (11, 20)))
ALL = (SANK, BURNT, RUSTS, STANDS, LEAKS)


def claim(*sources: Source, text: str | None = None) -> Drafted:
    """Draft a claim that quotes the first of its sources, unless `text` says something else."""
    return Drafted(sources[0].quote if text is None else text, "claim", sources)


ENDED = Ending()


def ground(sentences: Sequence[Drafted], support: Support, ending: Ending = ENDED) -> Grounded:
    """Ground a whole draft, and hold what was shown on the way to what is shown at the end."""
    grounder, said = Grounder(support), list[Said]()
    for drafted in sentences:
        said += grounder.check(drafted)
    said += grounder.finish(ending)
    shown = grounder.shown(ending)
    assert tuple(one.sentence for one in said) == shown.sentences
    assert tuple(c for one in said for c in one.citations) == shown.citations
    assert "".join(one.sentence.lead + one.sentence.marked() for one in said) == shown.text
    return shown


def test_footnotes_count_in_reading_order() -> None:
    """The first source met is 1, whatever its place in the text, and keeps its number."""
    shown = ground((claim(RUSTS), claim(SANK), claim(RUSTS), claim(LEAKS)), verbatim)
    assert [s.citations for s in shown.sentences] == [(1,), (2,), (1,), (3,)]
    assert [(c.number, c.quote) for c in shown.citations] == [
        (1, "It rusts."),
        (2, "It sank."),
        (3, "It leaks."),
    ]
    assert shown.text == "It rusts. [1] It sank. [2] It rusts. [1] It leaks. [3]"
    assert (shown.withheld, shown.reason, shown.closest) == (0, None, ())


def test_the_same_words_elsewhere_are_another_source() -> None:
    """Two places are two footnotes, even in one document; one place named twice is one."""
    again = Source(Document("copy", "Copy", "copy.md", FERRY.text), Span(0, 8))
    shown = ground((claim(SANK), claim(again), claim(SANK, SANK)), verbatim)
    assert [s.citations for s in shown.sentences] == [(1,), (2,), (1,)]


def test_a_citation_tells_where_it_stands() -> None:
    """Title, source, section and page are the document's; no heading and no pages are None."""
    shown = ground((claim(SANK), claim(RUSTS), claim(STANDS)), verbatim)
    told = [(c.document_id, c.title, c.source, c.section, c.page) for c in shown.citations]
    assert told == [
        ("ferry", "The ferry", "ferry.md", None, 1),
        ("ferry", "The ferry", "ferry.md", "Fire", 2),
        ("quay", "The quay", "quay.md", None, None),
    ]


def _never(_claim: str, _quotes: Sequence[str]) -> None:
    return None


@pytest.mark.parametrize(
    ("drafted", "verdict"),
    [
        (Drafted("It sank.", "claim"), 1.0),
        (claim(SANK), None),
        (claim(SANK), 0.0),
        (claim(SANK), MIN_SUPPORT - 0.01),
        (claim(SANK), float("nan")),
    ],
    ids=["no source", "no verdict", "none", "too little", "not a number"],
)
def test_a_claim_that_does_not_hold_is_withheld(drafted: Drafted, verdict: float | None) -> None:
    """It is counted and its footnote is not given out; what holds is shown beside it."""
    held = claim(BURNT)

    def support(said: str, _quotes: Sequence[str]) -> float | None:
        return 1.0 if said == held.text else verdict

    shown = ground((drafted, held), support)
    assert (shown.text, shown.withheld, shown.reason) == ("It burnt. [1]", 1, None)
    assert [c.quote for c in shown.citations] == ["It burnt."]


def test_just_enough_support_is_enough() -> None:
    """MIN_SUPPORT itself passes and stands on the sentence."""
    shown = ground((claim(SANK),), lambda _claim, _quotes: MIN_SUPPORT)
    assert [s.support for s in shown.sentences] == [MIN_SUPPORT]


def test_a_claim_is_judged_by_its_own_sources() -> None:
    """What another sentence cites does not help it."""
    shown = ground((claim(SANK), claim(SANK, text="It burnt."), claim(BURNT)), verbatim)
    assert (shown.text, shown.withheld) == ("It sank. [1] It burnt. [2]", 1)


def test_a_remark_passes_unjudged() -> None:
    """A greeting claims nothing, cites nothing and needs no verdict."""
    shown = ground((Drafted("Hello!", "remark"),), _never)
    assert (shown.text, shown.reason, shown.withheld) == ("Hello!", None, 0)
    assert [(s.kind, s.citations, s.support) for s in shown.sentences] == [("remark", (), None)]


def test_what_asks_is_no_answer_even_when_it_would_hold() -> None:
    """A model's question is withheld; one that a document asks is quoted like the rest of it."""
    grounder = Grounder(lambda _claim, _quotes: 1.0)
    grounder.rest_on([_hit(QUAY, STANDS, LEAKS)])
    assert grounder.check(Drafted("Does it leak?", "claim", passages=(1,))) == ()
    (said,) = grounder.check(Drafted("It leaks.", "claim", passages=(1,)))
    assert (said.sentence.text, grounder.shown(ENDED).withheld) == ("It leaks.", 1)
    asked = Document("faq", "Questions", "faq.md", "Does it leak?")
    shown = ground((claim(Source(asked, Span(0, 13))),), verbatim)
    assert (shown.text, shown.withheld) == ("Does it leak? [1]", 0)


def test_when_nothing_holds_it_declines() -> None:
    """Remarks do not make an answer out of withheld claims; what is closest is still offered."""
    draft = (Drafted("Here it is:", "remark"), claim(SANK), claim(BURNT))
    shown = ground(draft, _never, Ending(closest=(LEAKS, STANDS)))
    assert (shown.reason, shown.withheld) == ("unsupported", 2)
    assert (shown.text, shown.sentences, shown.citations) == ("", (), ())
    assert [(c.number, c.quote) for c in shown.closest] == [(1, "It leaks."), (2, "It stands.")]


@pytest.mark.parametrize("reason", ["not_in_documents", "off_limits", "empty_question"])
def test_a_draft_that_declines_keeps_its_reason(reason: DeclineReason) -> None:
    """The writer's reason is the Answer's; a remark does not go out beside it."""
    ending = Ending(reason, closest=(RUSTS,))
    shown = ground((Drafted("Let me see.", "remark"),), verbatim, ending)
    assert (shown.reason, shown.text, shown.citations) == (reason, "", ())
    assert [c.quote for c in shown.closest] == ["It rusts."]


def test_what_was_said_is_not_taken_back() -> None:
    """A writer that gives up after a claim has answered; one that breaks off has failed."""
    said = "It sank. [1]"
    gave_up = ground((claim(SANK),), verbatim, Ending("not_in_documents", closest=(RUSTS,)))
    assert (gave_up.reason, gave_up.text, gave_up.closest) == (None, said, ())
    broke_off = ground((claim(SANK),), verbatim, Ending("model_unavailable"))
    assert (broke_off.reason, broke_off.text) == ("model_unavailable", said)


def test_a_remark_waits_for_a_claim_that_holds() -> None:
    """What opens an answer is shown with the first claim; behind a claim it is shown at once."""
    grounder = Grounder(verbatim)
    opening, closing = Drafted("Here it is:", "remark"), Drafted("Ask on.", "remark")
    assert grounder.check(opening) == ()
    assert grounder.check(claim(SANK, text="It flew.")) == ()
    first = grounder.check(claim(SANK))
    assert [one.sentence.text for one in first] == ["Here it is:", "It sank."]
    assert [one.sentence.text for one in grounder.check(closing)] == ["Ask on."]
    assert grounder.shown(Ending()).text == "Here it is: It sank. [1] Ask on."


def test_a_list_keeps_its_lines_when_an_item_is_withheld() -> None:
    """A line whose first sentence is withheld is begun by the next one."""
    lines = ("\n- ", "\n- ", " ", "\n\n")
    false = claim(SANK, text="It flew.")
    items = (claim(SANK), false, claim(BURNT), claim(RUSTS))
    drafted = [replace(one, lead=lead) for one, lead in zip(items, lines, strict=True)]
    assert ground(drafted, verbatim).text == "- It sank. [1]\n- It burnt. [2]\n\nIt rusts. [3]"


def _hit(document: Document, *sentences: Source) -> Hit:
    spans = tuple(source.span for source in sentences)
    start, end = spans[0].start, spans[-1].end
    passage = Passage(0, document.id, start, end, document.text[start:end], "", spans)
    return Hit(passage, document, 1.0, None, None, None, None)


@pytest.mark.parametrize(
    ("passages", "text", "quotes"),
    [
        ((1,), "It burnt.", ["It burnt."]),
        ((2,), "It burnt.", ["It burnt."]),
        ((), "It leaks.", ["It leaks."]),
        ((0, 7), "It leaks.", ["It leaks."]),
        ((1,), "It burnt. It rusts.", ["It burnt. It rusts."]),
        ((1,), "It flew.", None),
    ],
    ids=["named", "wrongly named", "not named", "no such number", "two sentences", "false"],
)
def test_a_passage_is_narrowed_to_what_carries_the_claim(
    passages: tuple[int, ...], text: str, quotes: list[str] | None
) -> None:
    """The slice cited is the sentences that say it: of the passage named first, of any failing
    that; what no passage says is withheld.
    """
    grounder = Grounder(_words_held)
    grounder.rest_on([_hit(FERRY, SANK, BURNT, RUSTS), _hit(QUAY, STANDS, LEAKS)])
    (*said,) = grounder.check(Drafted(text, "claim", passages=passages))
    assert [c.quote for one in said for c in one.citations] == (quotes or [])
    assert grounder.shown(Ending()).withheld == (quotes is None)


def _words_held(said: str, quotes: Sequence[str]) -> float:
    """Return the share of the words said that the quotes hold, squared; it does not know "It"."""
    held, spoken = set(" ".join(quotes).split()), set(said.split()) - {"It"}
    return (len(spoken & held) / len(spoken)) ** 2


class Careful:
    """A Judge with a scale of its own, which takes the last sentence for evidence."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.prepared: list[str] = []

    def __call__(self, claim: str, quotes: Sequence[str], /) -> float | None:
        """Be sure by seven tenths of everything."""
        return 0.7 if claim and quotes else None

    def narrow(self, claim: str, sentences: Sequence[str], /) -> Sequence[int]:
        """Choose the last one."""
        return (len(sentences) - 1,) if claim else ()

    def prepare(self, quotes: Sequence[str], /) -> None:
        """Note what was to be read."""
        self.prepared += quotes


@pytest.mark.parametrize(("threshold", "withheld"), [(0.6, 0), (0.8, 1)])
def test_a_judge_brings_its_own_scale_and_evidence(threshold: float, withheld: int) -> None:
    """What a Judge calls enough is enough; what it narrows to is cited, and can be read ahead."""
    judge = Careful(threshold)
    assert isinstance(judge, Judge)
    grounder = Grounder(judge)
    grounder.rest_on([_hit(FERRY, SANK, BURNT), _hit(QUAY, LEAKS)])
    grounder.prepare()
    assert judge.prepared == ["It sank.", "It burnt.", "It leaks."]
    said = grounder.check(Drafted("Anything.", "claim", passages=(1,)))
    assert [c.quote for one in said for c in one.citations] == ["It burnt."] * (1 - withheld)
    assert grounder.shown(Ending()).withheld == withheld


def test_a_plain_function_has_nothing_to_prepare() -> None:
    """A Support that is no Judge can be asked to read ahead, and nothing happens."""
    grounder = Grounder(_words_held)
    grounder.rest_on([_hit(FERRY, SANK)])
    grounder.prepare()
    assert not isinstance(_words_held, Judge)


def test_an_empty_draft_declines() -> None:
    """Nothing found and nothing said is an outcome with a reason."""
    assert ground((), verbatim) == Grounded("", (), (), 0, "not_in_documents", ())


SOURCES = st.lists(st.sampled_from(ALL), max_size=3).map(tuple)
SENTENCES = st.builds(
    Drafted,
    text=st.sampled_from([one.quote for one in ALL] + ["Not so.", ""]),
    kind=st.sampled_from(["claim", "remark"]),
    sources=SOURCES,
)


@given(st.lists(SENTENCES, max_size=6), SOURCES)
def test_every_draft_comes_out_grounded(
    sentences: list[Drafted], closest: tuple[Source, ...]
) -> None:
    """Whatever is drafted: each claim shown has a footnote that holds it, numbers are 1 to n in
    reading order, the marks in the text are the citations, and every quote is a slice.
    """
    shown = ground(sentences, verbatim, Ending(closest=closest))
    documents = {one.document.id: one.document for one in ALL}
    quotes = {c.number: c.quote for c in shown.citations}
    for sentence in shown.sentences:
        if sentence.kind == "claim":
            assert any(sentence.text in quotes[number] for number in sentence.citations)
            assert sentence.support is not None
            assert sentence.support >= MIN_SUPPORT
    met = dict.fromkeys(number for s in shown.sentences for number in s.citations)
    assert list(met) == list(quotes) == list(range(1, len(quotes) + 1))
    marks = [number for s in shown.sentences for number in s.citations]
    assert [int(mark) for mark in re.findall(r"\[(\d+)\]", shown.text)] == marks
    for c in (*shown.citations, *shown.closest):
        assert documents[c.document_id].text[c.start : c.end] == c.quote
    assert (shown.reason is None) == bool(shown.sentences)
    claims = sum(one.kind == "claim" for one in sentences)
    assert shown.withheld + sum(one.kind == "claim" for one in shown.sentences) == claims
