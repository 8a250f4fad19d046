"""Company records of Postgres as columns."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from asyncpg import Record
from numpy.typing import NDArray

from db.snapshot.building import Lists, Postings, id_index, inverse, string_table
from db.snapshot.catalogue import pack
from db.snapshot.columns import UNKNOWN_8, UNKNOWN_16, UNKNOWN_COUNT, VECTOR_DIMENSION
from db.snapshot.gathering import Codes, Interner, StringFile
from db.snapshot.layout import ArrayFile, save_array, save_columns
from db.snapshot.tables import Csr
from ranking.cards import CompanyCard
from ranking.ragged import offsets_of
from ranking.selling import sold_concepts
from ranking.taxonomy import Taxonomy
from ranking.types import BoolArray, Float32Array, IntArray

_VECTOR_HEADER_BYTES = 4
_SCALAR_TYPES: Mapping[str, type[np.integer[Any]]] = {
    "tenant": np.uint16,
    "industry": np.uint16,
    "country": np.uint16,
    "region": np.uint16,
    "city": np.uint16,
    "stage": np.uint8,
    "employees": np.int32,
    "founded": np.int16,
}


class CompanyRows:
    """Takes records in row order and writes the company columns and cards; use as a context manager.

    Attributes:
        ids: company ids in row order.
        technologies: numbers of technologies; snippets add theirs before `save`.
    """

    def __init__(
        self,
        folder: Path,
        taxonomy: Taxonomy,
        tenants: Sequence[str],
        technologies: Interner | None = None,
    ) -> None:
        self._folder = folder
        self._taxonomy = taxonomy
        self._tenants = ("", *tenants)
        self.ids: list[str] = []
        self.technologies = technologies or Interner(taxonomy.TECHNOLOGIES)
        self._cluster_ids: list[str] = []
        self._codes = {
            "tenant": Codes(self._tenants, 0),
            "industry": Codes(taxonomy.INDUSTRIES, UNKNOWN_16),
            "country": Codes(taxonomy.COUNTRIES, UNKNOWN_16),
            "region": Codes(taxonomy.REGIONS, UNKNOWN_16),
            "city": Codes(taxonomy.CITIES, UNKNOWN_16),
            "stage": Codes(taxonomy.STAGES, UNKNOWN_8),
        }
        self._scalars = {
            name: array("i") for name in (*self._codes, "employees", "founded", "active", "vector")
        }
        self._concepts = Codes(taxonomy.CONCEPTS, UNKNOWN_16)
        self._technology_lists, self._sells = Lists(), Lists()
        self._keywords, self._names, self._former, self._domains = (
            Postings(),
            Postings(),
            Postings(),
            Postings(),
        )
        self._vectors = ArrayFile(folder / "companies.vectors.npy", np.float32, VECTOR_DIMENSION)
        self._cards = StringFile(folder, "display.companies")
        self._descriptions = StringFile(folder, "display.descriptions")
        self._open = ExitStack()

    def __enter__(self) -> "CompanyRows":
        for file in (self._vectors, self._cards, self._descriptions):
            self._open.enter_context(file)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __len__(self) -> int:
        return len(self.ids)

    def extend(self, records: Sequence[Record]) -> None:
        """Take the next records."""
        for record in records:
            self._add(record)
        embeddings = [record["embedding"] for record in records]
        self._scalars["vector"].extend(int(embedding is not None) for embedding in embeddings)
        self._vectors.append(_vectors(embeddings).tobytes())
        self._cards.extend([pack(_card(record)) for record in records])
        self._descriptions.extend([record["description"].encode() for record in records])

    def _add(self, record: Record) -> None:
        row = len(self.ids)
        self.ids.append(record["company_id"])
        self._cluster_ids.append(record["cluster_id"])
        wanted = {
            "tenant": record["tenant_id"],
            "industry": record["sub_industry_code"] or record["industry_code"],
            "country": record["country_code"],
            "region": record["region_code"],
            "city": record["city_code"],
            "stage": record["stage_code"],
        }
        for name, code in wanted.items():
            self._scalars[name].append(self._codes[name].number(code))
        for name, count in (("employees", record["employee_count"]), ("founded", record["founded_year"])):
            self._scalars[name].append(UNKNOWN_COUNT if count is None else count)
        self._scalars["active"].append(record["is_active"])
        self._technology_lists.add(self.technologies.numbers(record["technologies"]))
        sold = sold_concepts(record["name"], record["description"], record["tags"], self._taxonomy)
        self._sells.add(map(self._concepts.number, sold))
        self._index(record, row)

    def _index(self, record: Record, row: int) -> None:
        if record["name_key"]:
            self._names.add(record["name_key"], row)
        if record["domain_key"]:
            self._domains.add(record["domain_key"], row)
        _add_all(self._former, record["former_name_keys"], row)
        _add_all(self._keywords, record["keyword_tokens"], row)

    @property
    def vectors(self) -> int:
        """How many companies have a vector."""
        return sum(self._scalars["vector"])

    def representatives(self) -> IntArray:
        """int32[n]; row of the record that stands for each."""
        return representative_rows(self.ids, self._cluster_ids)

    def save(self) -> None:
        """Write all columns but the streamed ones, once every record and every technology is known."""
        cluster = self.representatives()
        rows = np.arange(len(self.ids) + 1, dtype=np.int64)
        names = self.technologies.names()
        technologies = self._technology_lists.csr()
        columns: dict[str, object] = {
            "ids": string_table(self.ids),
            "by_id": id_index(self.ids),
            "tenants": string_table(self._tenants[1:]),
            "cluster": cluster,
            "members": inverse(Csr(rows, cluster), len(self.ids)),
            "has_vector": self._flags("vector"),
            "active": self._flags("active"),
            "technologies": technologies,
            "technology_names": string_table(names),
            "technology_rows": inverse(technologies, len(names)),
            "keywords": self._keywords.index(),
            "names": self._names.index(),
            "former_names": self._former.index(),
            "domains": self._domains.index(),
            "sells": united(self._sells.csr(np.uint16), cluster),
        }
        for name, column in columns.items():
            save_columns(self._folder, f"companies.{name}", column)
        self._save_scalars()

    def _save_scalars(self) -> None:
        for name, kind in _SCALAR_TYPES.items():
            column = np.frombuffer(self._scalars[name], dtype=np.int32)
            limits = np.iinfo(kind)
            save_array(
                self._folder / f"companies.{name}.npy", column.clip(limits.min, limits.max).astype(kind)
            )

    def _flags(self, name: str) -> BoolArray:
        return np.frombuffer(self._scalars[name], dtype=np.int32).astype(np.bool_)


def representative_rows(ids: Sequence[str], cluster_ids: Sequence[str]) -> IntArray:
    """int32[n] rows of the records that stand for each record.

    Chains (a -> b -> c) are followed to their end. A record that names an unknown record, or is led into a
    circle, stands for itself.
    """
    rows = {company_id: row for row, company_id in enumerate(ids)}
    named = (rows.get(cluster_id, row) for row, cluster_id in enumerate(cluster_ids))
    leads_to: IntArray = np.fromiter(named, dtype=np.int32, count=len(ids))
    for _ in range(max(1, len(ids)).bit_length()):
        leads_to = leads_to[leads_to]
    own = np.arange(len(ids), dtype=np.int32)
    return np.where(leads_to[leads_to] == leads_to, leads_to, own).astype(np.int32)


def united(lists: Csr, cluster: IntArray) -> Csr:
    """The lists of uint16 in which each representative's holds those of its whole cluster too."""
    rows = np.repeat(np.arange(len(lists), dtype=np.int64), np.diff(lists.offsets))
    values: NDArray[np.int64] = np.tile(lists.values, 2).astype(np.int64)
    holders: NDArray[np.int64] = np.concatenate((rows, cluster[rows])).astype(np.int64)
    pairs = np.unique((holders << 16) | values)
    counts = np.bincount(pairs >> 16, minlength=len(lists))
    return Csr(offsets_of(counts), (pairs & 0xFFFF).astype(np.uint16))


def _add_all(postings: Postings, keys: Iterable[str], row: int) -> None:
    for key in dict.fromkeys(keys):
        if key:
            postings.add(key, row)


def _vectors(embeddings: Sequence[bytes | None]) -> Float32Array:
    """float32[n, 384] unit vectors out of pgvector's binary form, zeros for None."""
    absent = bytes(_VECTOR_HEADER_BYTES + 4 * VECTOR_DIMENSION)
    joined = b"".join((embedding or absent)[_VECTOR_HEADER_BYTES:] for embedding in embeddings)
    raw: NDArray[np.float32] = np.frombuffer(joined, dtype=">f4").astype(np.float32)
    vectors = raw.reshape(len(embeddings), VECTOR_DIMENSION)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32Array = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return unit


def _card(record: Record) -> CompanyCard:
    return CompanyCard(
        company_id=record["company_id"],
        name=record["name"],
        domain=record["domain"],
        industry=record["industry_code"],
        sub_industry=record["sub_industry_code"],
        industry_raw=record["industry_raw"],
        country=record["country_code"],
        city=record["city_code"],
        city_raw=record["city_raw"],
        employee_count=record["employee_count"],
    )
