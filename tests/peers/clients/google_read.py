"""Reads a workspace with the vendor's official client and prints it: users, members by group, licences, admin roles."""
import json
import sys

from google_service import client

BASE, KEY_FILE = sys.argv[1], sys.argv[2]


def everything(resource, request, key):
    found = []
    while request is not None:
        answer = request.execute()
        found += answer.get(key, [])
        request = resource.list_next(request, answer)
    return found


directory = client(BASE, KEY_FILE, "admin", "directory_v1")
users, groups, members = directory.users(), directory.groups(), directory.members()
listed = everything(users, users.list(customer="my_customer", maxResults=500, projection="full"), "users")
addresses = {user["id"]: user["primaryEmail"] for user in listed}

membership = {
    group["email"]: sorted(
        member["email"] for member in everything(members, members.list(groupKey=group["id"], maxResults=200), "members")
    )
    for group in everything(groups, groups.list(customer="my_customer", maxResults=200), "groups")
}

names = {}
roles = directory.roles()
for role in everything(roles, roles.list(customer="my_customer", maxResults=100), "items"):
    names[role["roleId"]] = role["roleName"]
assignments = directory.roleAssignments()
held = {}
for one in everything(assignments, assignments.list(customer="my_customer", maxResults=200), "items"):
    held.setdefault(addresses[one["assignedTo"]], []).append(names[one["roleId"]])

licences = {}
assigned = client(BASE, KEY_FILE, "licensing", "v1").licenseAssignments()
request = assigned.listForProduct(productId="Google-Apps", customerId="C0000example", maxResults=1000)
while request is not None:
    answer = request.execute()
    for one in answer.get("items", []):
        licences.setdefault(one["userId"], []).append(f"{one['productId']}/{one['skuId']}")
    request = assigned.listForProduct_next(request, answer)

print(json.dumps({"users": listed, "members": membership, "roles": held, "licences": licences}))
