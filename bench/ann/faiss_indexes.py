"""Faiss: flat, half precision, eight bits, HNSW and IVF, each with the filter as a bitmap selector, on one thread."""

from abc import abstractmethod
from typing import Any

import faiss
import numpy as np

from bench.ann.contestant import PLAIN, Setting, timed_build
from bench.ann.exact import Exact, best
from bench.ann.subsets import Subset
from ranking.types import Float32Array, IntArray

_RERANKED = 3  # times k
_TRAINED = 100_000
_IP = faiss.METRIC_INNER_PRODUCT


class FaissIndex(Exact):
    """One index; subclasses say which, and how a setting and a filter become search parameters."""

    def __init__(self, vectors: Float32Array) -> None:
        super().__init__(vectors)
        faiss.omp_set_num_threads(1)
        self.built = timed_build(self._build)

    def search(self, one: Float32Array, subset: Subset, setting: Setting, k: int) -> IntArray:
        return self._found(one[None], subset, setting, k)[0]

    def search_many(self, asked: Float32Array, subset: Subset, setting: Setting, k: int) -> None:
        self._found(asked, subset, setting, k)

    def _found(self, asked: Float32Array, subset: Subset, setting: Setting, k: int) -> list[IntArray]:
        selector = None if subset.share == 1.0 else faiss.IDSelectorBitmap(subset.bits)
        _, found = self._index.search(asked, k, params=self._parameters(selector, setting))
        return [row[row >= 0].astype(np.int32) for row in found]

    def _build(self) -> int:
        self._index: Any = self._empty()
        if not self._index.is_trained:
            self._index.train(self._vectors[:_TRAINED])
        self._index.add(self._vectors)
        return int(faiss.serialize_index(self._index).nbytes)

    @abstractmethod
    def _empty(self) -> Any:
        """The index before rows are added."""

    def _parameters(self, selector: Any, _setting: Setting) -> Any:
        return faiss.SearchParameters(sel=selector)


class Flat(FaissIndex):
    """Every row that passes, in float32."""

    name = "Faiss flat"
    settings = PLAIN

    def _empty(self) -> Any:
        return faiss.IndexFlatIP(self._vectors.shape[1])


class Quantised(FaissIndex):
    """Every row that passes, in fewer bits; the best 3 k are compared exactly."""

    kind = faiss.ScalarQuantizer.QT_8bit
    name = "Faiss 8 bit, re-ranked"

    def _found(self, asked: Float32Array, subset: Subset, setting: Setting, k: int) -> list[IntArray]:
        close = super()._found(asked, subset, setting, _RERANKED * k)
        return [rows[best(self._vectors[rows] @ one, k)] for one, rows in zip(asked, close, strict=True)]

    def _build(self) -> int:
        return super()._build() + self._vectors.nbytes

    def _empty(self) -> Any:
        return faiss.IndexScalarQuantizer(self._vectors.shape[1], self.kind, _IP)


class Half(Quantised):
    """As above with half precision."""

    kind = faiss.ScalarQuantizer.QT_fp16
    name = "Faiss float16, re-ranked"


class Hnsw(FaissIndex):
    """The graph of 16 links; rows that do not pass are walked over and not returned."""

    name = "Faiss HNSW"
    settings = tuple({"efSearch": ef} for ef in (100, 200, 400, 800, 1600, 3200))

    def _empty(self) -> Any:
        index = faiss.IndexHNSWFlat(self._vectors.shape[1], 16, _IP)
        index.hnsw.efConstruction = 100
        return index

    def _parameters(self, selector: Any, setting: Setting) -> Any:
        return faiss.SearchParametersHNSW(sel=selector, efSearch=int(setting["efSearch"]))


class Ivf(FaissIndex):
    """Lists around 4 sqrt(n) centres; rows that do not pass are skipped within the lists that are read."""

    name = "Faiss IVF"
    settings = tuple({"nprobe": lists} for lists in (8, 16, 32, 64, 128, 256, 512))

    def _empty(self) -> Any:
        width, lists = self._vectors.shape[1], round(4 * np.sqrt(len(self._vectors)))
        self._coarse = faiss.IndexFlatIP(width)
        return faiss.IndexIVFFlat(self._coarse, width, lists, _IP)

    def _parameters(self, selector: Any, setting: Setting) -> Any:
        return faiss.SearchParametersIVF(sel=selector, nprobe=int(setting["nprobe"]))
