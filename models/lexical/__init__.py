"""BM25 over snippets: a pre-built, memory-mapped index of terms and taxonomy concepts (F-5)."""

from models.lexical.build import build
from models.lexical.index import LexicalIndex
from models.lexical.manifest import LexicalManifest
from models.lexical.tokenise import Stems, Tokeniser

__all__ = ["LexicalIndex", "LexicalManifest", "Stems", "Tokeniser", "build"]
