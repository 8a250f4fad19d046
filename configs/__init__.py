"""Configuration schemas; `serve.yaml` lies beside them."""
