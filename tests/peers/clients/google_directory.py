"""The vendor's official client against the emulator: what it does is asserted here, what the emulator holds in the test."""
import json
import sys

from google_service import SCOPES, client
from googleapiclient.errors import HttpError

BASE, KEY_FILE = sys.argv[1], sys.argv[2]


def refused(request, status, reason):
    try:
        request.execute()
    except HttpError as error:
        found = json.loads(error.content)["error"]["errors"][0]["reason"]
        assert (error.status_code, found) == (status, reason), (error.status_code, found)
        return
    raise AssertionError(f"not refused with {status} {reason}")


directory = client(BASE, KEY_FILE, "admin", "directory_v1")
users, groups, members = directory.users(), directory.groups(), directory.members()

directory.orgunits().insert(
    customerId="my_customer", body={"name": "Sales", "parentOrgUnitPath": "/"}
).execute()
for number in range(5):
    made = users.insert(
        body={
            "primaryEmail": f"u{number}@example.com",
            "name": {"givenName": "Anna", "familyName": "Füßli"},
            "password": "a-password-of-the-test",
            "orgUnitPath": "/Sales",
        }
    ).execute()
    assert "password" not in made
refused(users.insert(body={"primaryEmail": "x@example.com", "name": {"givenName": "A", "familyName": "B"}}), 400, "required")
refused(
    users.insert(body={"primaryEmail": "u1@example.com", "name": {"givenName": "A", "familyName": "B"}, "password": "long-enough"}),
    409,
    "duplicate",
)
refused(users.update(userKey="u0@example.com", body={"orgUnitPath": "/Nowhere"}), 400, "invalid")

request, seen = users.list(customer="my_customer", maxResults=2), []
while request is not None:
    answer = request.execute()
    seen += [user["primaryEmail"] for user in answer["users"]]
    request = users.list_next(request, answer)
assert seen == [f"u{number}@example.com" for number in range(5)], seen

renamed = users.update(userKey="u1@example.com", body={"primaryEmail": "one+1@example.com"}).execute()
assert renamed["aliases"] == ["u1@example.com"], renamed
assert users.get(userKey="u1@example.com").execute()["id"] == renamed["id"]
assert users.get(userKey="one+1@example.com").execute()["id"] == renamed["id"]
refused(groups.insert(body={"email": "u1@example.com"}), 409, "duplicate")
assert users.patch(userKey=renamed["id"], body={"suspended": True}).execute()["suspended"] is True

phones = [{"type": "work", "value": "+41 1"}]
users.patch(userKey=renamed["id"], body={"phones": phones}).execute()
assert users.patch(userKey=renamed["id"], body={"phones": []}).execute()["phones"] == phones
assert "phones" not in users.update(userKey=renamed["id"], body={"phones": []}).execute()

group = groups.insert(body={"email": "everyone@example.com"}).execute()
inner = groups.insert(body={"email": "inner@example.com"}).execute()
members.insert(groupKey=group["id"], body={"email": "u2@example.com", "role": "MANAGER"}).execute()
members.insert(groupKey=group["id"], body={"id": inner["id"]}).execute()
refused(members.insert(groupKey=group["id"], body={"email": "u2@example.com"}), 409, "duplicate")
refused(members.insert(groupKey=inner["id"], body={"id": group["id"]}), 412, "conditionNotMet")
refused(members.delete(groupKey=group["id"], memberKey="u3@example.com"), 404, "notFound")
assert members.hasMember(groupKey=group["id"], memberKey="u2@example.com").execute() == {"isMember": True}
assert groups.list(userKey="u2@example.com").execute()["groups"][0]["directMembersCount"] == "2"

gone = users.get(userKey="u4@example.com").execute()["id"]
users.delete(userKey=gone).execute()
refused(users.get(userKey=gone), 404, "notFound")
deleted = users.list(customer="my_customer", showDeleted="true").execute()["users"]
assert [user["id"] for user in deleted] == [gone]
refused(users.undelete(userKey="u4@example.com", body={"orgUnitPath": "/"}), 404, "notFound")
users.undelete(userKey=gone, body={"orgUnitPath": "/"}).execute()
assert users.get(userKey=gone).execute()["orgUnitPath"] == "/"

users.aliases().insert(userKey=gone, body={"alias": "four@example.com"}).execute()
assert users.aliases().list(userKey=gone).execute()["aliases"][0]["alias"] == "four@example.com"
users.aliases().delete(userKey=gone, alias="four@example.com").execute()
users.makeAdmin(userKey=gone, body={"status": True}).execute()

assignments = directory.roleAssignments()
body = {"roleId": "5", "assignedTo": gone, "scopeType": "CUSTOMER"}
assignment = assignments.insert(customer="my_customer", body=body).execute()
refused(assignments.insert(customer="my_customer", body=body), 500, "backendError")
assignments.delete(customer="my_customer", roleAssignmentId=assignment["roleAssignmentId"]).execute()

licences = client(BASE, KEY_FILE, "licensing", "v1").licenseAssignments()
first, second = {"productId": "Google-Apps", "skuId": "1010020020"}, "1010020026"
licences.insert(**first, body={"userId": "u2@example.com"}).execute()
refused(licences.insert(**first, body={"userId": "u2@example.com"}), 409, "duplicate")
refused(licences.insert(**first, body={"userId": "u3@example.com"}), 412, "conditionNotMet")
changed = licences.patch(**first, userId="u2@example.com", body={"skuId": second}).execute()
assert changed["skuId"] == second, changed

refused(
    client(BASE, KEY_FILE, "admin", "directory_v1", SCOPES[:1]).groups().list(customer="my_customer"), 403, "insufficientPermissions"
)
try:
    client(BASE, KEY_FILE, "admin", "directory_v1", ["https://www.googleapis.com/auth/admin.chrome.printers"]).users().list(
        customer="my_customer"
    ).execute()
    raise AssertionError("a scope that is not delegated was granted")
except Exception as error:  # the library's own class depends on its version
    assert "unauthorized_client" in str(error), error
print("done")
