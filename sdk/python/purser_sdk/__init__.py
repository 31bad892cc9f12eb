"""Write a Purser connector in Python: see `README.md` for a whole one.

The names are those of the contract (`wit/types.wit`). What a component of Python may not do is raise something that the
contract does not know: the instance would trap. :class:`Connector` turns every such exception into an error of the class
`defect`.
"""

import json
from typing import Any, Callable, Optional

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import types


class ConnectorError(Exception):
    """An error that the engine acts on; `error_class` is a case of the contract, such as `types.ErrorClass_NotFound()`."""

    def __init__(self, error_class: Any, message: str, native_code: Optional[str] = None):
        super().__init__(message)
        self.error_class = error_class
        self.native_code = native_code

    def to_contract(self) -> types.Error:
        """As the contract carries it."""
        return types.Error(self.error_class, str(self), self.native_code)


def not_found(what: str) -> ConnectorError:
    """It is not there."""
    return ConnectorError(types.ErrorClass_NotFound(), f"{what} is not there")


def unsupported(what: str) -> ConnectorError:
    """The connector cannot do this."""
    return ConnectorError(types.ErrorClass_Unsupported(), f"this connector does not {what}")


def _to_contract(error: Exception) -> types.Error:
    if isinstance(error, ConnectorError):
        return error.to_contract()
    return types.Error(types.ErrorClass_Defect(), f"the connector failed: {type(error).__name__}: {error}", None)


def _answer(call: Callable[..., Any], *given: Any) -> Any:
    try:
        return call(*given)
    except Exception as error:
        raise Err(_to_contract(error)) from None


class Connector(exports.Provisioning):
    """What a connector does. A connector is a class `Provisioning` that inherits from this one."""

    def manifest(self) -> types.Manifest:
        """What the connector is. Always the same, and without any capability."""
        raise NotImplementedError

    def page(self, request: types.SearchRequest) -> types.Page:
        """One page of objects."""
        raise unsupported("list objects")

    def read(self, class_: str, id: str) -> types.Object:
        """One object by its primary id."""
        raise unsupported("read objects")

    def edit(self, request: types.Request) -> Any:
        """Carries out one request; returns an outcome such as `types.Outcome_Done(None)`."""
        raise unsupported("edit objects")

    def findings(self, level: types.CheckLevel) -> list[types.Finding]:
        """What would keep this configuration from working."""
        return []

    def change_page(self, class_: str, cursor: Optional[str]) -> types.ChangePage:
        """What changed since the cursor."""
        raise unsupported("follow changes")

    def upgraded(self, from_version: str, config: str) -> str:
        """A configuration written for an older version, carried forward."""
        return config

    # What the contract calls.

    def describe(self) -> types.Manifest:
        return self.manifest()

    def check(self, level: types.CheckLevel) -> list[types.Finding]:
        return self.findings(level)

    def schema(self) -> list[types.ObjectClass]:
        return _answer(lambda: self.manifest().classes)

    def search(self, request: types.SearchRequest) -> types.Page:
        return _answer(self.page, request)

    def get(self, class_: str, id: str) -> types.Object:
        return _answer(self.read, class_, id)

    def changes(self, class_: str, cursor: Optional[str]) -> types.ChangePage:
        return _answer(self.change_page, class_, cursor)

    def apply(self, requests: list[types.Request]) -> list[Any]:
        return [self._outcome(request) for request in requests]

    def _outcome(self, request: types.Request) -> Any:
        try:
            return Ok(self.edit(request))
        except Exception as error:
            return Err(_to_contract(error))

    def upgrade_config(self, from_version: str, config: str) -> str:
        return _answer(self.upgraded, from_version, config)


def attribute(name: str, kind: Any = types.AttributeKind.TEXT, traits: Any = types.AttributeTraits(0)) -> types.Attribute:
    """An attribute of a class."""
    return types.Attribute(name, "", kind, traits, None, None, [], None)


def object_of(id: str, attributes: dict[str, Any], active: Optional[bool] = None) -> types.Object:
    """An object of the target. Keys are sorted, so that the same state gives the same text."""
    text = json.dumps(attributes, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return types.Object(id, [], None, active, text)
