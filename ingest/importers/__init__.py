"""Import of companies, leads, snippets and outcomes from JSONL, CSV and Parquet files."""

from ingest.importers.files import import_files
from ingest.importers.mapping import Kind
from ingest.importers.report import FileReport, ImportReport

__all__ = ["FileReport", "ImportReport", "Kind", "import_files"]
