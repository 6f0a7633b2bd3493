"""Pydantic models made from dataclasses, and checked mappings turned back into dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError

from ohmstead.daemon.config.fields import FieldSpec, field_specs
from ohmstead.daemon.config.problems import KeyPath, did_you_mean, render_found

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Report = Callable[[KeyPath, str], None]
"""Takes one problem: where, and what is wrong."""

_ABSENT = object()


_MODELS: dict[type[Any], type[BaseModel]] = {}


def model_for(cls: type[Any]) -> type[BaseModel]:
    """The model that checks a mapping meant as a dataclass; unknown keys are refused."""
    if cls not in _MODELS:
        _MODELS[cls] = _make_model(cls)
    return _MODELS[cls]


def _make_model(cls: type[Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for spec in field_specs(cls):
        annotation: Any = (
            model_for(spec.nested)
            if spec.nested is not None
            else Annotated[Any, PlainValidator(_validator(spec))]
        )
        if spec.many:
            annotation = tuple[annotation, ...]
        if spec.optional and spec.nested is not None:
            annotation = annotation | None
        fields[spec.name] = (annotation, ... if spec.required else _ABSENT)
    config = ConfigDict(extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)
    model: type[BaseModel] = create_model(f"{cls.__name__}Model", __config__=config, **fields)
    return model


def _validator(spec: FieldSpec) -> Callable[[Any], Any]:
    parse = spec.parse

    def validate(value: Any) -> Any:
        if value is None and spec.optional and not spec.many:
            return None
        try:
            return value if parse is None else parse(value)
        except ValueError as error:
            raise PydanticCustomError("refused", "{message}", {"message": str(error)}) from None

    return validate


def read(cls: type[T], tree: object, key: KeyPath, report: Report) -> T | None:
    """A dataclass from a mapping; every problem is reported, and then the result is ``None``."""
    model = check(model_for(cls), tree, key, report, cls)
    return None if model is None else _to_dataclass(cls, model)


def check(
    model: type[M], tree: object, key: KeyPath, report: Report, cls: type[Any] | None = None
) -> M | None:
    """A mapping as a model's instance; every problem is reported, and then the result is ``None``.

    Args:
        cls: the dataclass that the model was made from, for better words about missing keys.
    """
    if not isinstance(tree, dict):
        report(
            key, f"found {render_found(tree, key)}, allowed: a mapping with {', '.join(model.model_fields)}"
        )
        return None
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            where = (*key, *detail["loc"])
            report(where, _explain(detail, where, model, cls))
        return None


def _explain(detail: ErrorDetails, key: KeyPath, model: type[BaseModel], cls: type[Any] | None) -> str:
    found = f"found {render_found(detail['input'], key)}"
    match detail["type"]:
        case "extra_forbidden":
            allowed = _keys_beside(detail["loc"], model, cls)
            return f"unknown key; allowed: {', '.join(allowed)}.{did_you_mean(str(key[-1]), allowed)}"
        case "missing":
            spec = _spec_at(detail["loc"], cls)
            return f"missing; needed: {spec.allowed}" if spec is not None else "missing"
        case "refused":
            return f"{found}, {detail['msg']}"
        case "tuple_type":
            return f"{found}, allowed: a list, as [a, b]."
        case "model_type" | "model_attributes_type":
            spec = _spec_at(detail["loc"], cls)
            return f"{found}, allowed: {spec.allowed if spec is not None else 'a mapping'}."
        case _:
            return f"{found}; {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _owner_of(loc: Sequence[int | str], cls: type[Any] | None) -> type[Any] | None:
    """The dataclass whose field the last part of a location is."""
    for part in loc[:-1]:
        if cls is None or isinstance(part, int):
            continue
        cls = next((spec.nested for spec in field_specs(cls) if spec.name == part), None)
    return cls


def _spec_at(loc: Sequence[int | str], cls: type[Any] | None) -> FieldSpec | None:
    names = [part for part in loc if isinstance(part, str)]
    owner = _owner_of(names, cls) if names else None
    return next((spec for spec in field_specs(owner) if spec.name == names[-1]), None) if owner else None


def _keys_beside(loc: Sequence[int | str], model: type[BaseModel], cls: type[Any] | None) -> list[str]:
    owner = _owner_of(loc, cls)
    return [spec.name for spec in field_specs(owner)] if owner is not None else list(model.model_fields)


def _to_dataclass(cls: type[T], model: BaseModel) -> T:
    """The dataclass of a checked model; what the file left out keeps the dataclass's own default."""
    values: dict[str, Any] = {}
    for spec in field_specs(cls):
        value = getattr(model, spec.name)
        if value is _ABSENT:
            continue
        if spec.nested is not None and value is not None:
            nested = spec.nested
            value = (
                tuple(_to_dataclass(nested, item) for item in value)
                if spec.many
                else _to_dataclass(nested, value)
            )
        values[spec.name] = value
    return cls(**values)
