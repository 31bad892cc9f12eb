"""Lets simple-salesforce, the client for Python, judge the emulator. Ends with status 0 where all was as it expects."""

import os

from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

base, session = os.environ["BASE"], os.environ["SESSION"]
client = Salesforce(instance_url=base, session_id=session, version="62.0")
# The client always writes https, and the emulator has no certificate.
client.base_url = client.base_url.replace("https://", "http://")


def objects(name):
    found = getattr(client, name)
    found.base_url = found.base_url.replace("https://", "http://")
    return found


profile = client.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")["records"][0]["Id"]
user = {
    "Username": "py@acme.example", "LastName": "Py", "Email": "py@acme.example", "Alias": "py", "ProfileId": profile,
    "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8",
}
made = objects("User").create(user)
assert made["success"] is True
try:
    objects("User").create(user)
    raise SystemExit("a user name was given twice")
except SalesforceMalformedRequest as refused:
    assert refused.content[0]["errorCode"] == "DUPLICATE_USERNAME", refused.content
assert objects("User").update(made["id"], {"Title": "Clerk"}) == 204
assert objects("User").get(made["id"])["Title"] == "Clerk"
try:
    objects("User").get("005000000000000AAA")
    raise SystemExit("a user was read that there is not")
except SalesforceResourceNotFound as refused:
    assert refused.content[0]["errorCode"] == "NOT_FOUND", refused.content
rows = client.query("SELECT Id FROM User WHERE Username LIKE 'py%' AND IsActive = true LIMIT 5")
assert rows["totalSize"] == 1 and rows["done"] is True, rows
