"""What can be done with what a write has made: OpenAPI links, from its answer to other routes."""

from typing import Any

_ID = "$response.body#/id"
_OF: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    # operation: where its answer names the new thing, and who takes that name as what
    "placeOrder": (_ID, {"order_id": ("readOrder", "cancelOrder")}),
    "closePosition": (_ID, {"order_id": ("readOrder",)}),
    "writeJournal": (_ID, {"entry_id": ("deleteJournal",)}),
    "makeKey": ("$response.body#/key/id", {"key": ("deleteKey",)}),
    "addVenueKey": (_ID, {"key": ("removeVenueKey",)}),
    "listSessions": ("$response.body#/items/0/id", {"session": ("endSession",)}),
    "listPeople": (
        "$response.body#/items/0/id",
        {"person": ("readPerson", "changePerson", "signOutPerson", "readKycCase")},
    ),
    "createSubscription": (
        "$response.body#/subscription/id",
        {
            "subscription_id": (
                "readSubscription",
                "changeSubscription",
                "testSubscription",
                "rotateSubscription",
                "deleteSubscription",
            )
        },
    ),
    "testSubscription": (_ID, {"delivery_id": ("replayDelivery",)}),
}


def add_links(operations: dict[str, dict[str, Any]]) -> None:
    """Put the links into the description of every operation that has any.

    Args:
        operations: OpenAPI operations by id; a link to one that is not there is left out.
    """
    for name, (where, uses) in _OF.items():
        for status, answer in operations.get(name, {}).get("responses", {}).items():
            found = {
                target: {"operationId": target, "parameters": {parameter: where}}
                for parameter, targets in uses.items()
                for target in targets
                if target in operations
            }
            if status.startswith("2") and found:
                answer["links"] = found
