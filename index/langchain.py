"""Footnote's search as a LangChain retriever: `open_index("my-index").as_retriever(k=4)`.

Needs the extra `langchain`; nothing else of the index imports this module.
"""

from typing import TYPE_CHECKING, Any

from index.errors import MissingExtra
from index.filters import EVERYTHING, Filter
from index.passage import Hit

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document as LangChainDocument
    from langchain_core.retrievers import BaseRetriever
except ImportError as error:
    raise MissingExtra(
        "a LangChain retriever needs langchain-core: pip install 'footnote[langchain]'"
    ) from error

if TYPE_CHECKING:
    from index.search import Searcher


class FootnoteRetriever(BaseRetriever):
    """Finds passages as LangChain documents.

    `page_content` is an exact slice; `metadata` says whose: document_id, title, source, start, end,
    section, page, score, dense, lexical, best_sentence, coverage, rerank, and `about`, what the
    file says about itself.
    """

    searcher: Any
    k: int = 8
    only: Filter = EVERYTHING

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  LangChain's signature
    ) -> list[LangChainDocument]:
        searcher: Searcher = self.searcher
        return [_langchain_document(hit) for hit in searcher.search(query, self.k, self.only)]


def _langchain_document(hit: Hit) -> LangChainDocument:
    passage, document = hit.passage, hit.document
    return LangChainDocument(
        id=f"{document.id}:{passage.start}-{passage.end}",
        page_content=passage.text,
        metadata={
            "document_id": document.id,
            "title": document.title,
            "source": document.source,
            "start": passage.start,
            "end": passage.end,
            "section": passage.section or None,
            "page": document.page_at(passage.start),
            "score": hit.score,
            "dense": hit.dense,
            "lexical": hit.lexical,
            "best_sentence": hit.best_sentence,
            "coverage": hit.coverage,
            "rerank": hit.rerank,
            "about": dict(document.metadata),
        },
    )
