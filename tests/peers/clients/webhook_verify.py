"""Verifies deliveries of webhooks with the library of the Standard Webhooks specification.

Reads a list of {secret, headers, body} from standard input and prints, in its order, the verified bodies; null where one
does not verify.
"""
import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def verified(delivery):
    try:
        return Webhook(delivery["secret"]).verify(delivery["body"], delivery["headers"])
    except WebhookVerificationError:
        return None


print(json.dumps([verified(delivery) for delivery in json.load(sys.stdin)]))
