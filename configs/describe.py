"""docs/configuration.md out of the models that check the configuration: `python -m configs.describe`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from configs.schema import DEFAULT_BOOSTER, GraphArgs, ServeFile
from configs.streams import StreamArgs, StreamSettings
from configs.suppliers import SupplierArgs
from db.settings import Settings
from ranking.config import RankingConfig

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
_PROJECT = Path(__file__).parents[1]
_BOUNDS = ((Ge, "ge", ">="), (Gt, "gt", ">"), (Le, "le", "<="), (Lt, "lt", "<"))
_INTRO = """# Configuration

<!-- Made by `python -m configs.describe` out of the models; a test compares the two. -->

Every knob has one home, by how long it lives. Unknown keys and values out of bounds are refused at start (`configs/schema.py`,
`read_serve_file`), because Ray Serve ignores keys it does not know.

| lifetime | declared | set |
|---|---|---|
| hot | `ranking/config.py` and the model beside each formula | `user_config` of ingress and bm25 in `configs/serve.yaml` |
| build | `configs/schema.py` | `args` and `deployments` in `configs/serve.yaml` |
| place and secret | `db/settings.py` | environment |

Deploying again with other hot numbers reconfigures running replicas; a change of `args` restarts them.

A request may override weights, `min_score`, deadline and `as_of` for itself (docs/api.md).
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("Hot: `user_config`", "Numbers of the formulas (docs/formulas.md).", RankingConfig),
    ("Build: `args`", "Artefacts, hops and the ingress.", GraphArgs),
    (
        "Serving: the rest of `serve.yaml`",
        "One entry of `deployments` per node; the names are Ray Serve's.",
        ServeFile,
    ),
    ("Environment", "Unset addresses mean the embedded servers.", Settings),
    ("Environment: Kafka", "What `leads ingest`, `produce` and `dlq` connect to.", StreamSettings),
    ("Streams", "Numbers of `leads ingest`; the defaults hold.", StreamArgs),
    ("Suppliers", "Rules and numbers of `leads miners judge`; the defaults hold.", SupplierArgs),
)


def page() -> str:
    """The whole page."""
    sections = [_section(title, note, model) for title, note, model in _SECTIONS]
    return "\n".join([_INTRO, *sections])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


def _section(title: str, note: str, model: type[BaseModel]) -> str:
    rows = [
        f"| `{path}` | {kind} | {default} | {what} |" for path, kind, default, what in _rows(model, "", None)
    ]
    table = ["| key | type | default | what |", "|---|---|---|---|", *rows]
    return "\n".join([f"## {title}", "", note, "", *table, ""])


def _rows(model: type[BaseModel], prefix: str, instance: Any) -> Iterator[tuple[str, str, str, str]]:
    """One row per knob; `instance` holds the defaults where the model around says them."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name.upper() if issubclass(model, BaseSettings) else name}"
        inner, is_list = _inner(field.annotation)
        default = field.get_default(call_default_factory=True, validated_data={})
        if instance is not None:
            default = getattr(instance, name)
        if inner in (GraphArgs, RankingConfig):
            yield path, "mapping", "", "a section above"
        elif inner is not None:
            inside = default if isinstance(default, BaseModel) else None
            yield from _rows(inner, f"{path}[]." if is_list else f"{path}.", inside)
        else:
            yield path, _kind(field), _written(default), (field.description or "").replace("|", "\\|")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model inside an annotation, and whether there may be several of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for each in get_args(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each, type(None) not in get_args(annotation)
    return None, False


def _kind(field: FieldInfo) -> str:
    annotation = field.annotation
    name = (
        annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    )
    for prefix in ("typing.", "pathlib.", "pydantic.types."):
        name = name.replace(prefix, "")
    if "Annotated[" in name:
        name = name.partition("[")[0]
    bounds = [
        f"{sign} {getattr(each, attribute):,.10g}"
        for each in field.metadata
        for kind, attribute, sign in _BOUNDS
        if isinstance(each, kind)
    ]
    return " ".join([f"`{name}`", ", ".join(bounds)]).strip().replace("|", "or")


def _written(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default == str(DEFAULT_BOOSTER):
        return f"`{DEFAULT_BOOSTER.relative_to(_PROJECT)}`"
    return f"`{default}`"


if __name__ == "__main__":
    main()
