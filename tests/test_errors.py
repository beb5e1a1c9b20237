"""Messages of one line."""

import pytest
from pydantic import BaseModel, ValidationError, model_validator

from edge_emotion.errors import first_fault


class Inner(BaseModel):
    epochs: int


class Outer(BaseModel):
    phases: list[Inner]

    @model_validator(mode="after")
    def _has_phases(self) -> "Outer":
        if not self.phases:
            raise ValueError("no phase")
        return self


def fault(document: object, *within: str) -> str:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(document)
    return first_fault(caught.value, *within)


def test_a_fault_is_told_with_its_place() -> None:
    told = fault({"phases": [{"epochs": 1}, {"epochs": "many"}]})
    assert told.startswith("phases.1.epochs: Input should be a valid integer")
    assert fault({}, "recipe") == "recipe.phases: Field required"


def test_a_fault_of_the_whole_document_has_a_place_too() -> None:
    assert fault({"phases": []}) == "document: Value error, no phase"
    assert fault({"phases": []}, "recipe") == "recipe: Value error, no phase"
