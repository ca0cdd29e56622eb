"""Whatever a client sends that the description allows, and much that it does not: no 500, no
status, media type or body that is not described. Links lead from what was made to what it is.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyStrategyDefinition, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.doors import people
from tests.doors.served import Served, served


def no_fault_of_ours(ctx: Any, response: Any, case: schemathesis.Case) -> None:
    """503 says that a part is away, and is described; any other 5xx is ours."""
    assert response.status_code < 500 or response.status_code == 503, (
        f"{case.as_curl_command()} gave {response.status_code}: {response.text[:300]}"
    )


CHECKS = [
    no_fault_of_ours,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def few(examples: int, **more: Any) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


@pytest.fixture(scope="module")
def desk(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(migrated, tmp_path_factory.mktemp("desk"), **people.UNLIMITED) as one:
        yield one


class Visitor:
    """An administrator, who may do everything; signs in again when a call ended the session."""

    def __init__(self, desk: Served) -> None:
        self._desk, self._count, self._headers = desk, 0, dict[str, str]()

    def headers(self) -> dict[str, str]:
        """What shows who they are."""
        if not self._headers:
            self._headers = self._desk.do(self._sign_in)
        return self._headers

    def heard(self, status: int) -> None:
        """Look at an answer."""
        if status == 401:
            self._headers = {}

    async def _sign_in(self) -> dict[str, str]:
        house, self._count = self._desk.house, self._count + 1
        who = await people.join(house, f"admin-{self._count}", "admin")
        return await people.token(house, who)


@pytest.fixture(scope="module")
def admin(desk: Served) -> Visitor:
    return Visitor(desk)


@pytest.fixture(scope="module")
def described(desk: Served) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{desk.url}/api/openapi.json")


def problems(job: Callable[[], None]) -> list[str]:
    """Run one property; returns what it found wrong, once each."""
    try:
        job()
    except Unsatisfiable:
        return []  # nothing is wrong about an operation that takes no input
    except AssertionError as found:
        return [str(found)[:1000]]
    except (Failure, FailureGroup) as found:
        each = found.exceptions if isinstance(found, FailureGroup) else [found]
        return [f"{one.operation}: {one.title}: {one.message}"[:600] for one in each]
    return []


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda one: one.value)
def test_every_operation_keeps_to_its_description(
    described: schemathesis.BaseSchema, admin: Visitor, mode: GenerationMode
) -> None:
    tried, faults = set(), list[str]()
    for found in described.get_all_operations():
        operation = found.ok()

        @few(10)
        @given(case=operation.as_strategy(generation_mode=mode))
        def keeps(case: schemathesis.Case) -> None:
            reply = case.call(headers=admin.headers())
            admin.heard(reply.status_code)
            case.validate_response(reply, checks=CHECKS)
            tried.add(case.operation.label)

        faults += problems(keeps)
    assert not faults, "\n\n".join(faults)
    assert len(tried) >= 20


def test_what_was_made_can_be_used_as_the_links_say(
    described: schemathesis.BaseSchema, admin: Visitor
) -> None:
    seen, faults = set[str](), list[str]()

    class Life(described.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": admin.headers()}

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            admin.heard(response.status_code)
            seen.add(f"{case.operation.label} {response.status_code}")
            faults.extend(problems(lambda: case.validate_response(response, checks=CHECKS)))

    with contextlib.suppress(FlakyStrategyDefinition):  # the desk is not as it was: it has lived
        Life.run(settings=few(20, stateful_step_count=8))
    assert not faults, "\n\n".join(faults)
    followed = {"GET /api/orders/{order_id} 200", "DELETE /api/account/journal/{entry_id} 204"}
    followed |= {"GET /api/admin/people/{person} 200", "DELETE /api/account/keys/{key} 204"}
    assert seen & followed, sorted(seen)
