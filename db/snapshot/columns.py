"""What the serving snapshot holds, column by column.

n companies, m leads, s snippets; one company row per record, duplicates and inactive ones too. "Taxonomy
index" means the position in the sorted tuple of that name (`taxonomy.INDUSTRIES`, `.COUNTRIES`, ...), and
`UNKNOWN_16` or `UNKNOWN_8` where nothing is known.
W = ceil(len(taxonomy.ROLES) / 64) words of role bits: role j is bit j % 64 of word j // 64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.snapshot.tables import Csr, IdIndex, KeyIndex, OffsetArray, StringTable
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray

UNKNOWN_16 = 65535
UNKNOWN_8 = 255
UNKNOWN_COUNT = -1
VECTOR_DIMENSION = 384

CodeArray = NDArray[np.uint16]
MaskArray = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class CompanyColumns:
    """Companies, rows in byte order of `company_id`.

    Attributes:
        ids: n company ids; `by_id` finds their rows.
        tenant: uint16[n]; 0 shared, else 1 + position in `tenants` (only that tenant may see the record).
        tenants: ids of the tenants that own rows, for all three tables.
        industry: uint16[n]; taxonomy index of the most specific industry known.
        country, region, city: uint16[n]; taxonomy index; `region` is a state inside a country.
        employees: int32[n]; -1 unknown.
        stage: uint8[n]; taxonomy index.
        founded: int16[n]; year, -1 unknown.
        active: bool[n].
        cluster: int32[n]; row of the record that stands for this one and its duplicates, its own when alone.
        members: n lists of int32 rows; for a representative all rows of its cluster, itself included; empty
            for the others.
        vectors: float32[n, 384]; L2-normalised, zeros where `has_vector` is false.
        has_vector: bool[n].
        technologies: n lists of int32 technology codes: positions in `technology_names`.
        technology_names: taxonomy.TECHNOLOGIES in order, then the unmapped ones (folded raw text) in order of
            appearance.
        technology_rows: len(technology_names) lists of int32 company rows, the inverse of `technologies`.
        keywords: folded words of name, description and tags -> company rows, for NOT keywords.
        names: name_key -> rows; `former_names`: former_name_keys -> rows; `domains`: domain_key -> rows.
        sells: n lists of uint16; positions in taxonomy.CONCEPTS of what the record's own text says that the
            company sells; for a representative also what the texts of its duplicates say.
    """

    ids: StringTable
    by_id: IdIndex
    tenant: CodeArray
    tenants: StringTable
    industry: CodeArray
    country: CodeArray
    region: CodeArray
    city: CodeArray
    employees: IntArray
    stage: ByteArray
    founded: NDArray[np.int16]
    active: BoolArray
    cluster: IntArray
    members: Csr
    vectors: Float32Array
    has_vector: BoolArray
    technologies: Csr
    technology_names: StringTable
    technology_rows: Csr
    keywords: KeyIndex
    names: KeyIndex
    former_names: KeyIndex
    domains: KeyIndex
    sells: Csr


@dataclass(frozen=True, slots=True, eq=False)
class LeadColumns:
    """Contact roles: by company row, people before company-level leads, higher seniority first, lead id.

    Attributes:
        ids: m lead ids; `by_id` finds their rows.
        company: int32[m]; row of the record the lead belongs to (not of its cluster).
        company_offsets: int64[n + 1]; company row i has the leads company_offsets[i]:company_offsets[i + 1].
        tenant: uint16[m]; as for companies.
        seniority: uint8[m]; taxonomy index.
        roles: uint64[m, W] role bits.
        company_level: bool[m]; a stand-in for the company without a person.
    """

    ids: StringTable
    by_id: IdIndex
    company: IntArray
    company_offsets: OffsetArray
    tenant: CodeArray
    seniority: ByteArray
    roles: MaskArray
    company_level: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class SnippetColumns:
    """Evidence texts (newest revisions only), sorted by `company`, then first seen, miner and snippet id.

    Attributes:
        keys: s identities made by `snippet_key`; `by_key` finds their rows.
        company: int32[s]; row of the CLUSTER REPRESENTATIVE.
        company_offsets: int64[n + 1]; row i has the snippets company_offsets[i]:company_offsets[i + 1]; none
            for rows that represent no cluster.
        tenant: uint16[s]; as for companies.
        kind: uint8[s]; position in ranking.types.SNIPPET_KINDS.
        observed: float64[s]; seconds since the epoch, UTC, NaN when undated.
        first_seen: float64[s]; seconds since the epoch, UTC, of the snippet's first revision.
        source_type: uint16[s]; position in `source_types` ("" when none was given).
        miner: int32[s]; position in `miners`.
        roles: uint64[s, W]; roles the text names (job postings).
        tech_added, tech_removed: s lists of int32 technology codes (`CompanyColumns.technology_names`).
        original: int32[s]; row of the snippet of the same company that this one repeats, its own when it
            repeats none (`ranking.duplicates`).
        duplicate: bool[s]; repeats another one, or was named a duplicate by whoever stored it.
        flagged: bool[s]; the snippet or its supplier is flagged, or its text is stuffed.
        stuffed: bool[s]; written to be found, not to be read (`ranking.stuffing`).
        no_need: bool[s]; names products without a need for one (`ranking.need`).
        settles: s lists of int32; positions in taxonomy.CONCEPTS of the products that the company has chosen
            or put to work (`ranking.settling`).
        vendor_talk: bool[s]; the text speaks as a seller (`ranking.selling`).
        not_a_posting: bool[s]; looks like a job page but offers no job (`ranking.selling`).
    """

    keys: StringTable
    by_key: IdIndex
    company: IntArray
    company_offsets: OffsetArray
    tenant: CodeArray
    kind: ByteArray
    observed: FloatArray
    first_seen: FloatArray
    source_type: CodeArray
    source_types: StringTable
    miner: IntArray
    miners: StringTable
    roles: MaskArray
    tech_added: Csr
    tech_removed: Csr
    original: IntArray
    duplicate: BoolArray
    flagged: BoolArray
    stuffed: BoolArray
    no_need: BoolArray
    settles: Csr
    vendor_talk: BoolArray
    not_a_posting: BoolArray


def snippet_key(miner_id: str, snippet_id: str) -> str:
    """The identity of a snippet as one string (unit separator between the parts)."""
    return f"{miner_id}\x1f{snippet_id}"


def role_words(role_count: int) -> int:
    """W, the words of role bits per row."""
    return max(1, -(-role_count // 64))
