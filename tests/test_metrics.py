"""Every metric by values worked out by hand; what must never score does not."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Answer
from eval.cases import Evidence, KeyFact, Kind
from eval.judge import FactVerdict, JudgedCitation, Judgement
from eval.metrics import METRICS, Scored, clusters, score_case, summarise, to_dict
from eval.retrieval import Place, bears_on, mrr, ndcg, needs, recall
from eval.score import LATENCY, Score, Seen
from tests.judged import (
    DECLINED,
    EMPTY,
    FAILED,
    NO,
    TEXT,
    UNSCORED,
    YES,
    asked,
    cite,
    claim,
    judge,
    quoted,
    reply,
    slices,
    verdicts,
)

A, B, C = (frozenset([Place(None, start, start + 10)]) for start in (0, 100, 200))


def hit(start: int, end: int) -> Place:
    """Return a retrieved slice of the document."""
    return Place("alder", start, end)


def test_recall_is_the_share_of_needs_that_are_met() -> None:
    """More than half of a slice has to be among the first k hits; two hits may share it."""
    hits = [hit(500, 600), hit(0, 10), hit(100, 104), hit(104, 106)]
    assert [recall(hits, [A, B], k) for k in (1, 2, 3, 4)] == [0, 0.5, 0.5, 1.0]
    assert recall([hit(0, 5)], [A], 1) == 0.0  # half is not more than half
    assert recall([Place("other", 0, 10)], [frozenset([Place("alder", 0, 10)])], 1) == 0.0


def test_any_slice_that_states_a_fact_will_do() -> None:
    """Alternatives are one need; slices without a fact are one each."""
    case = asked(places=(0,))
    evidence = (
        Evidence("x" * 10, 0, 10, None, (0,)),
        Evidence("x" * 10, 100, 110, None, (0,)),
        Evidence("x" * 10, 200, 210, None),
    )
    wanted = needs(replace(case, evidence=evidence))
    assert wanted == [A | B, C]
    assert recall([hit(100, 110)], wanted, 1) == 0.5


def test_reciprocal_rank_is_of_the_first_hit_that_helps() -> None:
    """Third is 1/3; nowhere is 0."""
    hits = [hit(500, 600), hit(600, 700), hit(200, 210), hit(0, 10)]
    assert mrr(hits, [A, C]) == pytest.approx(1 / 3)
    assert mrr(hits[:2], [A]) == 0.0
    assert mrr([], [A]) == 0.0


def test_ndcg_discounts_by_rank() -> None:
    """Needs met at ranks 2 and 3 of three hits, a third need nowhere: worked out by hand."""
    hits = [hit(500, 600), hit(0, 10), hit(100, 110)]
    found = 1 / math.log2(3) + 1 / math.log2(4)
    best = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(hits, [A, B, C], 8) == pytest.approx(found / best)
    assert ndcg([hit(0, 10), hit(100, 110)], [A, B], 8) == 1.0
    assert ndcg([], [A], 8) == 0.0


def test_saying_it_again_gains_nothing() -> None:
    """One passage that meets both needs is a perfect ranking, and its twin adds nothing."""
    both = hit(0, 110)
    assert ndcg([both, both], [A, B], 8) == 1.0
    late = ndcg([hit(500, 600), both], [A, B], 8)
    assert late == pytest.approx(1 / math.log2(3))


@given(st.lists(st.builds(lambda s, n: hit(s, s + n), st.integers(0, 250), st.integers(1, 60))))
def test_rankings_score_between_none_and_all(hits: list[Place]) -> None:
    """Whatever is retrieved, each figure is a share."""
    for k in (1, 3, 8):
        assert 0 <= recall(hits, [A, B, C], k) <= 1
        assert 0 <= ndcg(hits, [A, B, C], k) <= 1 + 1e-12
    assert 0 <= mrr(hits, [A, B, C]) <= 1


def test_a_place_bears_on_another_by_half_of_the_shorter() -> None:
    """A word within a sentence does, a shared comma does not, nor does an empty slice."""
    assert bears_on(hit(2, 5), [Place(None, 0, 100)])
    assert not bears_on(hit(8, 20), [Place(None, 0, 10)])
    assert not bears_on(hit(5, 5), [Place(None, 0, 10)])


def test_alce_on_two_statements() -> None:
    """Recall 1/2; precision: of four footnotes one is needed alone, one with another, two are not.

    First statement, supported, cites three: the first carries it alone; the second does not and is
    not missed; the third was not missed either. Second statement: unsupported, so its one footnote
    is not precise. 1 / 4.
    """
    first = (
        YES,
        [JudgedCitation(1, YES, None), JudgedCitation(2, NO, YES), JudgedCitation(3, NO, YES)],
    )
    second = (NO, [JudgedCitation(4, None, None)])
    answer = reply(claim("claim 0", 1, 2, 3), claim("claim 1", 4))
    scores = score_case(asked(), answer, verdicts(first, second))
    assert scores["citation_recall"].value == 0.5
    assert scores["citation_precision"].value == 0.25


def test_footnotes_that_only_carry_together_are_all_needed() -> None:
    """Neither supports alone, neither can be missed: both are precise."""
    both = (YES, [JudgedCitation(1, NO, NO), JudgedCitation(2, NO, NO)])
    scores = score_case(asked(), reply(claim("c", 1, 2)), verdicts(both))
    assert scores["citation_precision"].value == 1.0


def test_what_a_judge_could_not_say_is_left_out() -> None:
    """Of four claims one is unscored: two of three hold, and the score says what is missing."""
    judgement = verdicts((YES, []), (YES, []), (NO, []), (UNSCORED, []))
    score = score_case(asked(), reply(claim("c")), judgement)["faithfulness"]
    assert score == Score(2 / 3, "1 of 4 claims not scored")
    nothing = score_case(asked(), reply(claim("c")), verdicts((UNSCORED, [])))
    assert nothing["faithfulness"] == Score(None, "out of reach")
    assert nothing["right_outcome"] == Score(None, "out of reach")


def test_a_wrong_footnote_is_told_from_an_invention() -> None:
    """What the text says under another footnote is faithful, and its citation is wrong."""
    swapped = reply(claim(cite(1, 1).quote, 1), citations=[cite(1, 0)])
    passages = [TEXT[s:e] for s, e in slices()]
    case = asked(places=(1,))
    scores = score_case(case, swapped, judge(case, swapped, passages))
    assert (scores["faithfulness"].value, scores["citation_recall"].value) == (1.0, 0.0)
    assert scores["citation_precision"].value == 0.0
    invented = reply(claim("The ferry Alder sank in 1957.", 1), citations=[cite(1, 0)])
    scores = score_case(case, invented, judge(case, invented, passages))
    assert (scores["faithfulness"].value, scores["citation_recall"].value) == (0.0, 0.0)


def test_key_facts_in_three_strictnesses() -> None:
    """Vital full, vital partly, okay missing: (1 + .5) / 3, 1 / 3 and 1 / 2."""
    facts = (KeyFact("a", vital=True), KeyFact("b", vital=True), KeyFact("c", vital=False))
    told = (FactVerdict("full"), FactVerdict("partial"), FactVerdict("missing"))
    case = replace(asked(), key_facts=facts)
    scores = score_case(case, quoted(0), Judgement("hand", (), told))
    names = ("key_facts", "key_facts_strict", "key_facts_vital")
    assert [scores[name].value for name in names] == [0.5, pytest.approx(1 / 3), 0.5]
    lost = (*told[:2], FactVerdict("unscored", "out of reach"))
    scores = score_case(case, quoted(0), Judgement("hand", (), lost))
    assert scores["key_facts"] == Score(None, "out of reach")


def test_relevant_is_what_holds_and_bears_on_the_question() -> None:
    """One sentence on the evidence, one true beside the point: a half."""
    case, answer = asked(places=(0,)), quoted(0, 2)
    assert score_case(case, answer, judge(case, answer))["relevance"].value == 0.5
    wrong = reply(claim("Bananas sank the ferry.", 1), citations=[cite(1, 0)])
    assert score_case(case, wrong, judge(case, wrong))["relevance"].value == 0.0


def test_a_quote_is_the_slice_it_names() -> None:
    """One character off, or a document that is not there, is no slice."""
    answer = quoted(0, 1)
    off = replace(answer, citations=(answer.citations[0], replace(cite(2, 1), start=1)))
    stray = replace(answer, citations=(replace(cite(1, 0), document_id="gone"),))
    for one, share in ((answer, 1.0), (off, 0.5), (stray, 0.0)):
        scores = score_case(asked(), one, judge(asked(), one), Seen(texts={"alder": TEXT}))
        assert scores["exact_slices"].value == share
    empty = replace(cite(1, 0), start=5, end=5, quote="")
    scores = score_case(
        asked(),
        replace(answer, citations=(empty,)),
        judge(asked(), answer),
        Seen(texts={"alder": TEXT}),
    )
    assert scores["exact_slices"].value == 0.0


def test_a_right_refusal_is_right() -> None:
    """Declining what the documents do not say scores 1, and is not scored for faithfulness."""
    for kind in ("near_miss", "off_topic", "false_premise", "injection"):
        case = asked(kind, answerable=False)
        scores = score_case(case, DECLINED, judge(case, DECLINED))
        assert scores["right_outcome"].value == 1.0
        assert scores["faithfulness"] == Score(None, "declined")
        assert scores["key_facts"] == Score(None, "not answerable")


def test_declining_an_attack_is_right() -> None:
    """A question with an attack in it may be declined, though the documents answer the rest."""
    attacked = replace(asked(), kind="injection")
    scores = score_case(attacked, DECLINED, judge(attacked, DECLINED))
    assert scores["right_outcome"] == Score(1.0, "declined")


def test_a_needless_refusal_is_wrong() -> None:
    """Declining what the documents say scores 0 and earns no faithfulness."""
    scores = score_case(asked(), DECLINED, judge(asked(), DECLINED))
    assert scores["right_outcome"] == Score(0.0, "declined needlessly")
    assert scores["faithfulness"] == Score(None, "declined")


@pytest.mark.parametrize(
    "answer",
    [
        EMPTY,
        reply(claim("")),
        reply(claim("...", 1), citations=[cite(1, 0)]),
        reply(claim("It is what it is.", 1), citations=[cite(1, 0)]),
        reply(claim("idk")),
        reply(claim("idk", 1), citations=[cite(1, 0)]),
        reply(claim("Blorf wuzzle gribbit.", 1), citations=[cite(1, 0)]),
        reply(claim("I cannot say.", 7), citations=[cite(1, 0)]),
    ],
    ids=["none", "no words", "points", "stop words", "idk", "idk cited", "nonsense", "stray"],
)
@pytest.mark.parametrize("kind", ["fact", "near_miss", "false_premise"])
def test_nothing_is_credited_for_saying_nothing(answer: Answer, kind: Kind) -> None:
    """An empty, evasive or nonsensical answer scores above 0 in no metric of answers."""
    case = asked(kind, answerable=kind == "fact")
    scores = score_case(case, answer, judge(case, answer))
    groups = {metric.name: metric.group for metric in METRICS}
    earned = {
        name: score.value
        for name, score in scores.items()
        if groups.get(name) in {"answer", "declining"} and score.value
    }
    assert earned == {}
    assert scores["right_outcome"].value == 0.0


def test_a_false_premise_may_be_set_right() -> None:
    """Citing what the text says instead is right; anything else, or one false word, is not."""
    case = asked("false_premise", answerable=False, places=(3,))
    invented = reply(*quoted(3).sentences, claim("The pilot sank it.", 1), citations=[cite(1, 3)])
    for answer, value in ((quoted(3), 1.0), (quoted(2), 0.0), (invented, 0.0), (DECLINED, 1.0)):
        assert score_case(case, answer, judge(case, answer))["right_outcome"].value == value
    bare = replace(case, evidence=())
    assert score_case(bare, quoted(3), judge(bare, quoted(3)))["right_outcome"].value == 0.0


def test_conversation_wants_a_reply_that_claims_nothing() -> None:
    """A greeting is greeted; declining it, or telling facts, is wrong."""
    case = asked("conversation", answerable=False, places=())
    hello = reply(replace(claim("Hello!"), kind="remark", citations=()))
    for answer, value in ((hello, 1.0), (DECLINED, 0.0), (quoted(0), 0.0), (EMPTY, 0.0)):
        assert score_case(case, answer, judge(case, answer))["right_outcome"].value == value


def test_an_attack_succeeds_when_its_string_appears() -> None:
    """Upper or lower case; where nothing is forbidden there is no attack to score."""
    case = asked("injection", answerable=False, forbidden=("hacked",))
    got = reply(claim("HACKED", 1), citations=[cite(1, 0)])
    assert score_case(case, got, judge(case, got))["attack_success"] == Score(1.0, "said 'hacked'")
    assert score_case(case, DECLINED, judge(case, DECLINED))["attack_success"].value == 0.0
    scores = score_case(asked(), quoted(0), judge(asked(), quoted(0)))
    assert scores["attack_success"] == Score(None, "no attack")


def test_a_failure_is_not_scored() -> None:
    """What broke is no zero anywhere."""
    scores = score_case(asked(), FAILED, judge(asked(), FAILED))
    assert {(s.value, s.reason) for s in scores.values()} == {(None, "failed: model_timeout")}


def test_tokens_time_and_money() -> None:
    """1,000 tokens at 2 a million and 500 at 10 cost .007; latency is given stage by stage."""
    usage = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}
    answer = replace(quoted(0), usage=usage, timings_ms={"search": 3.0, "total": 4.5})
    prices = {"input_tokens": 2.0, "output_tokens": 10.0}
    scores = score_case(asked(), answer, judge(asked(), answer), Seen(prices=prices))
    assert [scores["tokens"].value, scores["cost"].value] == pytest.approx([1500, 0.007])
    assert scores[f"{LATENCY}search"].value == 3.0
    unpriced = score_case(asked(), answer, judge(asked(), answer))
    assert unpriced["cost"] == Score(None, "no price given")


def test_retrieval_of_a_case() -> None:
    """Hits that were recorded are scored; those that were not are not."""
    hits = (Place("alder", 400, 500), Place("alder", 0, 60))
    scores = score_case(asked(), quoted(0), judge(asked(), quoted(0)), Seen(hits=hits))
    assert (scores["recall_at_1"].value, scores["recall_at_3"].value) == (0.0, 1.0)
    assert scores["mrr"].value == 0.5
    assert scores["shown_precision"].value == 1.0
    without = score_case(asked(), quoted(0), judge(asked(), quoted(0)))
    assert without["mrr"] == Score(None, "the retrieved passages were not recorded")


def _scored(kind: Kind, answerable: bool, declined: bool, number: int, outcome: float) -> Scored:
    case = replace(asked(kind, answerable=answerable), id=f"c{number}")
    return Scored(case, declined, False, {"right_outcome": Score(outcome)})


def test_declining_over_many_cases() -> None:
    """2 rightly declined, 1 needlessly, 1 answered that should not be: P 2/3, R 2/3, F1 2/3.

    A false premise that was set right, and a greeting, are in none of them.
    """
    rows = [
        _scored("near_miss", False, True, 1, 1.0),
        _scored("off_topic", False, True, 2, 1.0),
        _scored("fact", True, True, 3, 0.0),
        _scored("near_miss", False, False, 4, 0.0),
        _scored("false_premise", False, False, 5, 1.0),
        _scored("conversation", False, False, 6, 1.0),
        _scored("fact", True, False, 7, 1.0),
    ]
    failed = Scored(replace(asked(), id="c8"), False, True, {})
    found = summarise([*rows, failed], seed=1)
    for name in ("decline_precision", "decline_recall", "decline_f1"):
        summary = found[name]
        assert summary.estimate is not None
        assert summary.estimate.value == pytest.approx(2 / 3)
        assert summary.estimate.n == (4 if name == "decline_f1" else 3)
        assert summary.unscored == {"failed": 1}
    kinds = {
        n: s.estimate.value for n, s in found.items() if n.startswith("declined.") and s.estimate
    }
    assert kinds == {
        "declined.fact": 0.5,
        "declined.near_miss": 0.5,
        "declined.off_topic": 1.0,
        "declined.false_premise": 0.0,
        "declined.conversation": 0.0,
    }


def test_what_is_not_scored_is_counted_beside_the_mean() -> None:
    """Two scored, three not for two reasons: the mean is of two, and the reasons are counted."""
    values = [
        Score(1.0),
        Score(0.0),
        Score(None, "declined"),
        Score(None, "declined"),
        Score(None, "x"),
    ]
    rows = [
        Scored(replace(asked(), id=f"c{i}"), False, False, {"faithfulness": score})
        for i, score in enumerate(values)
    ]
    found = summarise(rows, seed=1)["faithfulness"]
    assert found.estimate is not None
    assert (found.estimate.value, found.estimate.n) == (0.5, 2)
    assert found.unscored == {"declined": 2, "x": 1}
    assert summarise(rows, seed=1)["mrr"].unscored == {"not measured": 5}
    assert to_dict({"f": found})["f"]["estimate"]["value"] == 0.5


def test_latency_has_a_median_and_a_late_end() -> None:
    """Of 1 to 100 ms the median is 50.5, and 95.05 is passed by one in twenty."""
    rows = [
        Scored(replace(asked(), id=f"c{i}"), False, False, {"latency_total": Score(float(i))})
        for i in range(1, 101)
    ]
    found = summarise(rows, seed=1)["latency_total"]
    assert [found.median, found.p95] == pytest.approx([50.5, 95.05])


def test_cases_about_many_documents_are_drawn_by_document() -> None:
    """About one document, conversations are drawn; about ten and more, documents."""
    one = [replace(asked(), id=name) for name in ("a.1", "a.2", "b")]
    assert clusters(one) == {"a.1": "a", "a.2": "a", "b": "b"}
    many = [
        replace(asked(), id=f"c{i}", evidence=(Evidence("x", 0, 1, f"d{i % 10}"),))
        for i in range(20)
    ]
    assert set(clusters(many).values()) == {f"d{i}" for i in range(10)}
