"""A wrong body is told in words that name the field."""

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from genesis.service.api.faults import in_words


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=10, max_length=20)
    count: int = 1

    @field_validator("count")
    @classmethod
    def _odd(cls, count: int) -> int:
        if count % 2 == 0:
            raise ValueError("must be odd")
        return count


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"reason": "x"}', "reason: needs at least 10 characters"),
        ('{"reason": "xxxxxxxxxxxxxxxxxxxxxxxxx"}', "reason: takes at most 20 characters"),
        ("{}", "reason: is missing"),
        ('{"reason": "long enough", "more": 1}', "more: is not known here"),
        ('{"reason": "long enough", "count": 2}', "count: must be odd"),
        ("{", "body: is not JSON"),
        ('{"count": 2}', "reason: is missing; count: must be odd"),
    ],
)
def test_a_fault_names_its_field_and_what_it_asks_for(given: str, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate_json(given)
    assert in_words(caught.value.errors()) == told


def test_leading_parts_of_a_place_are_left_out() -> None:
    error = {"loc": ("body", "reason"), "type": "missing", "msg": "Field required"}
    assert in_words([error], skip=1) == "reason: is missing"
