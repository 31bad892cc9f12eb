"""What PyPI's scim2-models makes of filters and changes: one JSON question a line in, one JSON answer a line out."""
import json
import sys

from pydantic import ValidationError
from scim2_models import Context, EnterpriseUser, PatchOp, SCIMException, ScimFilter, ScimPolicy, User

Person = User[EnterpriseUser]
# What Entra sends is to be understood, as our server does.
POLICY = ScimPolicy(
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def answer(question):
    person = Person.model_validate(question["user"])
    if "filter" in question:
        return {"holds": ScimFilter[Person](question["filter"]).match(person)}
    change = PatchOp[Person].model_validate(
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": question["operations"]},
        context={"scim": Context.RESOURCE_PATCH_REQUEST},
    )
    change.patch(person)
    return {"user": json.loads(person.model_dump_json(scim_ctx=Context.DEFAULT))}


for line in sys.stdin:
    try:
        with POLICY:
            print(json.dumps(answer(json.loads(line))))
    except (SCIMException, ValidationError, ValueError) as error:
        print(json.dumps({"refused": str(error)[:300]}))
