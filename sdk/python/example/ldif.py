"""A source that reads people from LDIF files (RFC 2849), as directories export them.

Every file with the ending `.ldif` in the granted directory is read, in order of names. People are the entries that have
the attribute `uid`; it is their id. A page holds the people of one file.
"""

import base64
import json

from purser_sdk import Connector, ConnectorError, attribute, not_found, object_of
from wit_world.imports import files, types

DIRECTORY = "exports"
CHUNK = 1 << 20
MULTI_VALUED = types.AttributeTraits.MULTI_VALUED

MANIFEST = types.Manifest(
    name="ldif-example",
    version="0.1.0",
    vendor="Purser",
    description="People in LDIF files, as directories export them.",
    config_schema='{"type":"object","additionalProperties":false}',
    classes=[
        types.ObjectClass(
            name="person",
            title="Person",
            kind=types.ClassKind.OTHER,
            attributes=[
                attribute("uid", traits=types.AttributeTraits.UNIQUE),
                attribute("cn", traits=MULTI_VALUED),
                attribute("mail", traits=MULTI_VALUED),
            ],
            open=True,
            operations=types.Operations.SEARCH | types.Operations.GET,
            delete_semantics=types.DeleteSemantics.NONE,
            holding=None,
            consistency_lag_ms=0,
        )
    ],
    limits=types.Limits(page_size=1000, batch_size=1),
    egress=[],
    directories=[types.DirectoryNeed(DIRECTORY, "LDIF files that end in .ldif", False)],
    permissions=[],
)


class Provisioning(Connector):
    def manifest(self):
        return MANIFEST

    def page(self, request):
        names = [entry.name for entry in files.list(DIRECTORY, "") if entry.name.endswith(".ldif")]
        name, start = json.loads(request.cursor) if request.cursor else (names[0] if names else None, 0)
        if name is None:
            return types.Page([], types.Tail_Complete())
        if name not in names:
            raise ConnectorError(types.ErrorClass_CursorExpired(), f"{name} went away while it was read")
        people = [person for person in people_in(name) if fits(person, request.conditions)]
        end = start + request.page_size
        rest = [(name, end)] if end < len(people) else [(later, 0) for later in names if later > name]
        tail = types.Tail_More(json.dumps(rest[0])) if rest else types.Tail_Complete()
        return types.Page([to_object(person) for person in people[start:end]], tail)

    def read(self, class_, id):
        for entry in files.list(DIRECTORY, ""):
            if entry.name.endswith(".ldif"):
                for person in people_in(entry.name):
                    if person["uid"][0] == id:
                        return to_object(person)
        raise not_found(f"person {id}")


def to_object(person):
    single = {"uid": person["uid"][0]}
    return object_of(single["uid"], person | single)


def fits(person, conditions):
    for condition in conditions:
        if condition.operator != types.Operator.EQUALS:
            raise ConnectorError(types.ErrorClass_Unsupported(), "people are found by equal values only")
        wanted = str(json.loads(condition.value)).casefold()
        if wanted not in [value.casefold() for value in person.get(condition.attribute, [])]:
            return False
    return True


def people_in(name):
    return [entry for entry in parse(read_whole(name), name) if "uid" in entry]


def read_whole(name):
    content = bytearray()
    while chunk := files.read(DIRECTORY, name, len(content), CHUNK):
        content += chunk
    return content.decode("utf-8")


def parse(text, name):
    """The entries of a file, each a dictionary from attribute to its values."""
    entries, entry = [], {}
    for number, line in enumerate(unfolded(text), 1):
        if line.startswith("#"):
            continue
        if not line:
            entries.append(entry)
            entry = {}
            continue
        attribute, colon, value = line.partition(":")
        if not colon:
            raise ConnectorError(types.ErrorClass_Defect(), f"{name}: logical line {number} has no colon")
        if value.startswith(":"):
            value = base64.b64decode(value[1:].strip(), validate=True).decode("utf-8")
        entry.setdefault(attribute, []).append(value.strip())
    entries.append(entry)
    return [entry for entry in entries if entry]


def unfolded(text):
    """Lines; one that begins with a space goes on with the line before it."""
    lines = []
    for line in text.splitlines():
        if line.startswith(" ") and lines:
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return lines
