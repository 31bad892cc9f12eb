"""The vendor's official client, with the service account's key and pointed at the emulator."""
import json

from google.oauth2 import service_account
from googleapiclient.discovery import build

SCOPES = [
    "https://www.googleapis.com/auth/" + name
    for name in (
        "admin.directory.user",
        "admin.directory.group",
        "admin.directory.orgunit",
        "admin.directory.rolemanagement",
        "admin.directory.userschema",
        "apps.licensing",
    )
]


def client(base, key_file, api, version, scopes=SCOPES):
    with open(key_file, encoding="utf-8") as file:
        key = json.load(file)
    credentials = service_account.Credentials.from_service_account_info(
        key, scopes=scopes, subject="admin@example.com"
    )
    return build(
        api, version, credentials=credentials, static_discovery=True, client_options={"api_endpoint": base}
    )
