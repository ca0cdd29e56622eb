"""GraphQL over the routes that are there: the schema is derived from them, a field asks one.

A field is answered by the REST route of the same name, inside this process, as the same caller:
so scopes, filters, validation and pages are those of REST, and no rule is written twice. Read-only:
there is no mutation and no subscription. This file knows graphql-core; `graphql.py` the door.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    NoSchemaIntrospectionCustomRule,
    execute,
    parse,
    print_schema,
    specified_rules,
    validate,
)
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from hydradesk.doors.gateway.problems import Problem
from hydradesk.kernel.errors import Invalid

FIELDS = {
    "me": "/api/auth/me",
    "markets": "/api/markets",
    "candles": "/api/candles",
    "indicators": "/api/indicators",
    "patterns": "/api/patterns",
    "signals": "/api/signals",
    "orders": "/api/orders",
    "trades": "/api/trades",
    "positions": "/api/positions",
    "portfolio": "/api/portfolio",
}
DEEPEST = 8
MAX_TOKENS = 1_000
MAX_ROOTS = 10
"""Fields of the query itself, aliases counted: each asks a route."""
MAX_COST = 2_000
WEIGHT = 10
"""What asking a route costs; each row it may return costs one more."""
ROWS = 50
"""Rows of a field whose `limit` is not said."""

log = structlog.get_logger("gateway")
Ask = Callable[[str, dict[str, str]], Awaitable[Any]]
"""Asks a route with query parameters; raises Refused."""
INTEGER = GraphQLScalarType("Integer", description="A whole number of any size.")
ANYTHING = GraphQLScalarType("JSON", description="Whatever JSON can say.")


class Refused(Exception):
    """A route's refusal."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", "")))
        self.problem = problem


class Graph:
    """The schema of one API description."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._components = document["components"]["schemas"]
        self._types: dict[str, Any] = {}
        paths = document["paths"]
        fields = {
            name: self._field(path, paths[path]["get"])
            for name, path in FIELDS.items()
            if "get" in paths.get(path, {})
        }
        self.schema = GraphQLSchema(GraphQLObjectType("Query", fields))
        self.text = print_schema(self.schema)

    def judge(self, source: str, name: str | None, variables: dict[str, Any]) -> tuple[Any, int]:
        """Return the parsed query and its cost; raises Invalid for what is too much or wrong."""
        try:
            document = parse(source, max_tokens=MAX_TOKENS, no_location=False)
        except (GraphQLError, RecursionError) as error:
            raise _invalid(str(error).partition("\n")[0]) from error
        return document, _Weigher(document, variables).weigh(name)

    async def answer(
        self,
        document: DocumentNode,
        ask: Ask,
        name: str | None,
        variables: dict[str, Any],
        *,
        introspection: bool,
    ) -> dict[str, Any]:
        """Execute a judged query and return data and errors."""
        rules = specified_rules if introspection else (*specified_rules, HIDDEN)
        wrong = validate(self.schema, document, rules, max_errors=5)
        if wrong:
            raise _invalid("; ".join(one.message for one in wrong))
        result = execute(
            self.schema,
            document,
            context_value=ask,
            variable_values=variables,
            operation_name=name,
        )
        done = result if isinstance(result, ExecutionResult) else await result
        return {"data": done.data, "errors": [_said(one) for one in done.errors or ()]}

    def _field(self, path: str, operation: Mapping[str, Any]) -> GraphQLField:
        arguments = {
            one["name"]: GraphQLArgument(
                _needed(self._type(one["schema"]), one.get("required", False))
            )
            for one in operation.get("parameters", ())
            if one["in"] == "query"
        }

        async def resolve(source: object, info: Any, **asked: Any) -> Any:  # noqa: ANN401
            query = {key: str(value) for key, value in asked.items() if value is not None}
            return await info.context(path, query)

        answered = operation["responses"]["200"]["content"]["application/json"]["schema"]
        kind = self._type(answered)
        return GraphQLField(kind, arguments, resolve, operation.get("description"))

    def _type(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401  (graphql-core's unions)
        if "$ref" in schema:
            return self._object(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            some = [one for one in schema["anyOf"] if one.get("type") != "null"]
            return self._type(some[0]) if len(some) == 1 else ANYTHING
        kind = schema.get("type")
        items = schema.get("items") or next(iter(schema.get("prefixItems", ())), None)
        if kind == "array" and items:  # a tuple here is of one kind
            return GraphQLList(_needed(self._type(items), not _nullable(items)))
        plain = {"string": GraphQLString, "integer": INTEGER, "boolean": GraphQLBoolean}
        return plain.get(str(kind), ANYTHING)

    def _object(self, name: str) -> Any:  # noqa: ANN401
        schema = self._components[name]
        if "properties" not in schema:
            return self._type({key: one for key, one in schema.items() if key != "$ref"})
        if name not in self._types:

            def fields() -> dict[str, GraphQLField]:
                return {
                    key: GraphQLField(_needed(self._type(one), not _nullable(one)), resolve=_item)
                    for key, one in schema["properties"].items()
                }

            about = schema.get("description")
            self._types[name] = GraphQLObjectType(name, fields, description=about)
        return self._types[name]


class _Weigher:
    """Depth and cost of a query, fragments counted wherever they are spread."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._document, self._variables = document, variables
        self._fragments = {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        self._depths: dict[str, int] = {}
        self._open: set[str] = set()

    def weigh(self, name: str | None) -> int:
        """Return the cost; raises Invalid for what is too deep, too wide or too dear."""
        cost = 0
        for one in self._document.definitions:
            if not isinstance(one, OperationDefinitionNode):
                continue
            if one.operation is not OperationType.QUERY:
                raise _invalid("this API only reads: send a query")
            if self._depth(one.selection_set) > DEEPEST:
                raise _invalid(f"a query is at most {DEEPEST} fields deep")
            roots = self._roots(one.selection_set)
            if len(roots) > MAX_ROOTS:
                raise _invalid(f"a query asks for at most {MAX_ROOTS} things, aliases counted")
            own = sum(WEIGHT + self._rows(root) for root in roots)
            if own > MAX_COST:
                raise _invalid(f"this costs {own}, at most {MAX_COST}: ask for fewer rows")
            if name is None or (one.name is not None and one.name.value == name):
                cost = max(cost, own)
        return max(cost, 1)

    def _depth(self, found: SelectionSetNode | None) -> int:
        if found is None:
            return 0
        deepest = 0
        for one in found.selections:
            if isinstance(one, FragmentSpreadNode):
                deepest = max(deepest, self._spread(one.name.value))
            elif isinstance(one, FieldNode):
                deepest = max(deepest, 1 + self._depth(one.selection_set))
            else:
                deepest = max(deepest, self._depth(one.selection_set))  # type: ignore[attr-defined]
        return deepest

    def _spread(self, name: str) -> int:
        if name in self._open:
            raise _invalid(f"the fragment {name[:50]} spreads itself")
        if name not in self._depths and name in self._fragments:
            self._open.add(name)
            self._depths[name] = self._depth(self._fragments[name].selection_set)
            self._open.discard(name)
        return self._depths.get(name, 0)

    def _roots(self, found: SelectionSetNode, seen: int = 0) -> list[FieldNode]:
        roots: list[FieldNode] = []
        for one in found.selections:
            if isinstance(one, FieldNode):
                roots.append(one)
            elif isinstance(one, FragmentSpreadNode):
                fragment = self._fragments.get(one.name.value)
                if fragment is not None:
                    roots += self._roots(fragment.selection_set, seen + len(roots))
            else:
                roots += self._roots(one.selection_set, seen + len(roots))  # type: ignore[attr-defined]
            if seen + len(roots) > MAX_ROOTS:
                break
        return roots

    def _rows(self, field: FieldNode) -> int:
        for one in field.arguments or ():
            if one.name.value != "limit":
                continue
            if isinstance(one.value, IntValueNode):
                return min(int(one.value.value[:7]), MAX_COST + 1)
            if isinstance(one.value, VariableNode):
                given = self._variables.get(one.value.name.value)
                return given if isinstance(given, int) and given > 0 else MAX_COST + 1
        return ROWS


class HIDDEN(NoSchemaIntrospectionCustomRule):
    """Hides the schema, and says how to see it."""

    def enter_field(self, node: FieldNode, *rest: Any) -> None:
        """Refuse __schema and __type."""
        if node.name.value in ("__schema", "__type"):
            self.report_error(GraphQLError("sign in to see the schema", node))


def _item(source: Mapping[str, Any], info: Any) -> Any:  # noqa: ANN401
    return source.get(info.field_name)


def _needed(kind: Any, needed: bool) -> Any:  # noqa: ANN401
    return GraphQLNonNull(kind) if needed else kind


def _nullable(schema: Mapping[str, Any]) -> bool:
    return not schema or any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _said(error: GraphQLError) -> dict[str, Any]:
    """What a caller hears: a route's own words, or that it was our fault; nothing of the inside."""
    cause = error.original_error
    told: dict[str, Any] = {"path": error.path}
    if isinstance(cause, Refused):
        kept = {key: cause.problem.get(key) for key in Problem.__struct_fields__[2:6]}
        return told | {"message": str(cause), "extensions": kept}
    if cause is None:
        return told | {"message": error.message, "extensions": {"code": "invalid"}}
    log.error("graphql.failed", path=error.path, exc_info=cause)
    return told | {"message": "a fault on our side", "extensions": {"code": "internal"}}


def _invalid(detail: str) -> Invalid:
    return Invalid(detail[:500], field="query", fix="see docs/graphql.md")


def decoded(status: int, body: bytes) -> Any:  # noqa: ANN401
    """Return a route's answer; raises Refused for a problem."""
    said = json.loads(body) if body else {}
    if status >= 400:
        raise Refused(said)
    return said
