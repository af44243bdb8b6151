"""Others' verifiers: exported as they score, and what an assistant shows when one judges."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from assistant.doctor import Check, examine
from assistant.settings import Settings
from assistant.support import Judge, load_support
from assistant.verifier import THRESHOLD, VerifiedSupport, windows
from assistant.wiring import open_assistant, open_support
from eval.agreement import measure
from eval.commands import agreement
from eval.opening import open_judge
from index.build import BuildOptions, build
from index.errors import MissingExtra, ModelError, UsageError
from index.pairs import chosen_class
from index.verify import USE, OnnxVerifier, open_verifier
from tests.tiny_models import PASSAGES, QUESTION, VERIFIERS
from tests.wire import Script, serving

TEXT = (
    "The mill at Sarn stands by a weir. It was sold in 1871. The buyer was Ida Berg. "
    "She paid 900 crowns. The wheel had stood still for years. Her son mended it. "
    'He called it "a patient beast". It grinds rye today.'
)


class Knowing:
    """A Verifier that gives claims the probability it was told, and keeps what it was shown."""

    name = "knowing"
    fingerprint = "f00d"

    def __init__(self, known: Mapping[str, float | None] | float | None) -> None:
        self._known = known
        self.read: list[tuple[str, str]] = []

    def supported(self, evidence: str, claim: str) -> float | None:
        """Return what it was told of the evidence that holds a text, or of all."""
        self.read.append((evidence, claim))
        if not isinstance(self._known, Mapping):
            return self._known
        return max((p or 0.0 for held, p in self._known.items() if held in evidence), default=0.0)


def opened(tiny_models: Path, kind: str) -> OnnxVerifier:
    """Return one of the two-layer models, exported."""
    verifier = open_verifier(str(tiny_models / "models" / kind), tiny_models / "cache")
    assert verifier
    return verifier


def settings(tiny_models: Path, **changes: object) -> Settings:
    """Return settings that name a two-layer model as the verifier."""
    fields = {"cache_dir": tiny_models / "cache", "verifier": tiny_models / "models" / "classes"}
    return Settings.model_validate({**fields, "verifier": str(fields["verifier"]), **changes})


@pytest.mark.parametrize("kind", VERIFIERS)
def test_probabilities_are_those_of_sentence_transformers(tiny_models: Path, kind: str) -> None:
    """Evidence first; the class called entailment, or a bare logit's sigmoid; short or cut."""
    expected = np.load(tiny_models / "expected" / f"verifier-{kind}.npy")
    turned = np.load(tiny_models / "expected" / f"{kind}.npy")
    verifier = opened(tiny_models, kind)
    found = np.array([verifier.supported(evidence, QUESTION) for evidence in PASSAGES], float)
    # In 32 bits they agree to the sixth digit; 8 blur random weights by a part of their spread.
    blur = 0.25 * np.ptp(expected)
    assert np.ptp(expected) > 0.02
    assert np.abs(found - expected).max() < blur < np.abs(turned - expected).max()
    assert ((found >= 0) & (found <= 1)).all()
    assert verifier.name == kind


def test_a_claim_that_would_be_cut_gets_no_verdict(tiny_models: Path) -> None:
    """Evidence may lose its end, a claim may not: what was not read cannot be vouched for."""
    verifier = opened(tiny_models, "logit")
    assert verifier.supported("The honey sells.", PASSAGES[-1]) is None
    assert VerifiedSupport(verifier)(PASSAGES[-1], ["The honey sells."]) is None


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        (["contradiction", "entailment", "neutral"], 1),
        (["ENTAILMENT", "NEUTRAL", "CONTRADICTION"], 0),
        (["Unsupported", "Supported"], 1),
        (["REFUTES", "NOT ENOUGH INFO", "SUPPORTS"], 2),
        (["consistent", "inconsistent"], 0),
        (["hallucinated", "Faithful"], 1),
        (["0", "1"], 1),
        (["LABEL_0"], 0),
    ],
)
def test_the_labels_say_which_class_it_is(labels: list[str], place: int) -> None:
    """In any order and case; a model with one score needs no name for it."""
    assert chosen_class("m", labels, USE) == place


def test_classes_that_say_nothing_are_refused(tiny_models: Path) -> None:
    """The error names the setting, the classes and what to do."""
    refused = json.loads((tiny_models / "refused.json").read_text("utf-8"))["verifier-nameless"]
    assert refused.startswith("FOOTNOTE_VERIFIER=")
    assert "the classes label_0, label_1, label_2, none of which is called entailment" in refused
    assert refused.endswith("or name its classes in its config.json")


def test_a_missing_package_names_the_command_that_installs_it(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exporting needs what building needs; without the setting nothing is."""
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"pip install 'footnote\[build\]'"):
        open_support(settings(tiny_models, cache_dir=tmp_path / "cache"))
    assert open_support(Settings(cache_dir=tmp_path)) is load_support(None, "threshold")


def test_a_damaged_export_is_told(tiny_models: Path, tmp_path: Path) -> None:
    """The message names the setting and what to do, for the doctor too."""
    copy = shutil.copytree(tiny_models / "cache", tmp_path / "cache")
    for file in copy.rglob("model.onnx"):
        file.write_bytes(b"half a model")
    with pytest.raises(ModelError, match=r"FOOTNOTE_VERIFIER=.*delete that folder"):
        open_support(settings(tiny_models, cache_dir=copy))
    found = doctor(settings(tiny_models, cache_dir=copy))
    assert (found.state, "delete that folder" in found.remedy) == ("broken", True)


def doctor(chosen: Settings) -> Check:
    """Return what the doctor says of the verifier."""
    (found,) = (one for one in examine(chosen, None, lambda: None) if one.name == "verifier")
    return found


def test_the_doctor_has_it_judge(tiny_models: Path) -> None:
    """The setting's value stands there when the model works."""
    found = doctor(settings(tiny_models))
    assert (found.state, found.remedy) == ("ok", "")
    assert found.found.endswith("classes judges claims")


def test_the_best_window_decides() -> None:
    """A sentence that comes near is read with its neighbours; the far ones are not."""
    claim = "Ida Berg bought it and her son repaired the wheel."
    verifier = Knowing({"The buyer was Ida Berg.": 0.3, "Her son mended it.": 0.8})
    assert VerifiedSupport(verifier)(claim, [TEXT]) == 0.8
    read = [evidence for evidence, _ in verifier.read]
    assert len(read) == len(set(read)) > 1
    assert all(asked == claim for _, asked in verifier.read)
    assert not any("rye" in one and "weir" in one for one in read)


def test_short_evidence_is_read_as_one() -> None:
    """Quotes are judged together, and what shares no word with the claim is still read."""
    assert list(windows("Ida bought it.", ["The buyer was Ida.", "She paid."])) == [
        "The buyer was Ida. She paid."
    ]
    assert list(windows("They were there.", [TEXT])) == [TEXT]


@pytest.mark.parametrize(
    "claim",
    [
        "The mill was bought for 700 crowns.",
        "The mill was bought by Otto Lindqvist.",
        'Her son\'s name for it was "a lazy old dog".',
    ],
    ids=["number", "name", "quotation"],
)
def test_what_code_can_see_is_not_overruled(claim: str) -> None:
    """What stands nowhere is withheld, however sure the verifier is; else it decides."""
    sure = VerifiedSupport(Knowing(0.99))
    assert (sure(claim, [TEXT]) or 0.0) < THRESHOLD
    there = f'{TEXT} There was talk of 700 crowns, Otto Lindqvist and "a lazy old dog".'
    assert sure(claim, [there]) == 0.99
    assert VerifiedSupport(Knowing(0.1))(claim, [there]) == 0.1


def test_what_needs_no_model_is_not_shown_to_it() -> None:
    """Word for word is 1 and silence has no verdict, as with the own judge."""
    verifier = Knowing(0.5)
    support = VerifiedSupport(verifier)
    assert support("It was sold in 1871.", [TEXT]) == 1.0
    for claim, quotes in (("", [TEXT]), (" ", [TEXT]), ("It sank.", []), ("?!", [TEXT])):
        assert support(claim, quotes) is None
    assert verifier.read == []


def test_it_is_a_judge_that_narrows_as_the_own_one_does() -> None:
    """It has all that `Judge` names, on a scale of its own that the settings can move."""
    support = VerifiedSupport(Knowing(0.5))
    assert isinstance(support, Judge)
    sentences = ["It was sold in 1871.", "The buyer was Ida Berg."]
    assert support.narrow("Ida Berg bought it.", sentences) == (1,)
    support.prepare(sentences)


def test_the_threshold_can_be_set(tiny_models: Path) -> None:
    """A half, or FOOTNOTE_MIN_SUPPORT, moved by FOOTNOTE_UNSURE as the own judge's is."""
    changes: list[dict[str, object]] = [{}, {"min_support": 0.7}, {"unsure": "withhold"}]
    limits = [open_support(settings(tiny_models, **one)).threshold for one in changes]
    assert limits == pytest.approx([0.5, 0.7, 0.6])


def test_an_assistant_shows_what_the_verifier_supports(
    tiny_models: Path, tmp_path: Path, model_folder: Path, cache_folder: Path
) -> None:
    """Opened with the setting, it withholds or shows a reply as the verifier says."""
    assert model_folder.is_dir()
    (tmp_path / "mill.txt").write_text(TEXT, encoding="utf-8")
    build([tmp_path / "mill.txt"], tmp_path / "index", BuildOptions(cache_folder))
    told = []
    for least in (0.5, 0.2):
        with serving(Script(pieces=["Ida Berg was who bought it. [1]"])) as server:
            model = {
                "model": "openai:m",
                "model_api_key": "k",
                "model_base_url": f"{server.url}/v1",
            }
            chosen = settings(tiny_models, min_support=least, **model)
            with open_assistant(chosen, tmp_path / "index") as assistant:
                told.append(assistant.ask("Who bought the mill?"))
    withheld, shown = told
    assert (withheld.outcome, withheld.reason, withheld.withheld) == ("declined", "unsupported", 1)
    assert shown.outcome == "answered"
    (sentence,) = shown.sentences
    quotes = [one.quote for one in shown.citations]
    expected = VerifiedSupport(opened(tiny_models, "classes"))(sentence.text, quotes)
    assert sentence.support == expected
    assert 0.2 <= (sentence.support or 0.0) < 0.5


def test_evaluation_judges_by_it_and_says_so(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name and files stand where the own weights' would, and nothing is said of those."""
    for name, value in settings(tiny_models).model_dump(include={"cache_dir", "verifier"}).items():
        monkeypatch.setenv(f"FOOTNOTE_{name.upper()}", str(value))
    judge, verifier = open_judge(), opened(tiny_models, "classes")
    assert judge.name == "verifier classes"
    assert judge.describe() == {
        "name": "verifier classes",
        "threshold": 0.5,
        "support": f"verifier classes {verifier.fingerprint}",
    }
    verdict = asyncio.run(judge.claim("It sells honey.", ["The honey is sold."]))
    assert verdict.support == verifier.supported("The honey is sold.", "It sells honey.")
    row = {"id": "1", "context": "Honey sells.", "claim": "It sells honey.", "group_id": "a"}
    rows = [{**row, "label": 1}, {**row, "id": "2", "label": 0, "group_id": "b"}]
    (tmp_path / "boats.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = measure(judge, tmp_path)
    assert (found["fitted"], found["judge"]) == (None, judge.describe())
    with pytest.raises(UsageError, match="no --judge or FOOTNOTE_VERIFIER"):
        agreement(tmp_path, left_out=True)
