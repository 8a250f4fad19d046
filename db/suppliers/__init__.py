"""What was judged of suppliers, read back for HTTP and the command line."""

from db.suppliers.reports import emission_report, supplier_quality

__all__ = ["emission_report", "supplier_quality"]
