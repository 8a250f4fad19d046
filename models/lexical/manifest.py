"""What a lexical index folder says about itself."""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ranking.errors import ArtifactError

FILE: Final = "manifest.json"
FORMAT: Final = 2
K1: Final = 1.2
B: Final = 0.75


class LexicalManifest(BaseModel):
    """Contents and statistics of one index (F-5)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = Field(FORMAT, description="layout of the folder")
    method: Literal["atire"] = Field("atire", description="BM25 variant: idf ln(N/df), (k1 + 1) kept (F-5)")
    k1: float = Field(K1, description="term frequency saturation, no unit (F-5)")
    b: float = Field(B, description="length normalisation, no unit (F-5)")
    texts: int = Field(ge=0, description="snippets indexed")
    terms: int = Field(ge=0, description="distinct terms")
    postings: int = Field(ge=0, description="(term, snippet) pairs")
    concept_postings: int = Field(ge=0, description="(concept, snippet) pairs")
    kindred_postings: int | None = Field(
        None, ge=0, description="(concept, snippet) pairs without the concept's names; none in older indices"
    )
    average_length: float = Field(ge=0, description="mean number of terms per snippet")
    taxonomy_version: str = Field(description="taxonomy whose surfaces were indexed")

    def write(self, folder: Path) -> None:
        """Store as `manifest.json`."""
        (folder / FILE).write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "LexicalManifest":
        """Read the manifest; `ArtifactError` when it is missing or of another format."""
        try:
            return cls.model_validate_json((folder / FILE).read_bytes())
        except OSError as err:
            raise ArtifactError("lexical index", "the manifest cannot be read") from err
        except ValidationError as err:
            raise ArtifactError("lexical index", "the manifest is of another format") from err
