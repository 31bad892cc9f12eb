"""Looks for everything around it that the interpreter's WASI could reach: none of it must be there.

A search for the class `trap` ends without an answer, and one for `flood` prints without end.
"""

import os
import random
import socket
import sys
import time

from purser_sdk import Connector, object_of
from wit_world.imports import types

MANIFEST = types.Manifest(
    name="snoops",
    version="1.0.0",
    vendor="tests",
    description="A guest program of the tests.",
    config_schema='{"type":"object"}',
    classes=[],
    limits=types.Limits(page_size=100, batch_size=1),
    egress=[],
    directories=[],
    permissions=[],
)


def attempt(action):
    try:
        return f"got {action()!r}"
    except BaseException as error:
        return f"refused: {type(error).__name__}"


def reads(path):
    with open(path, "rb") as file:
        return file.read(16)


def writes(path):
    with open(path, "wb") as file:
        return file.write(b"x")


def connects(address):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        return connection.connect(address)


def sends(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        return datagrams.sendto(b"x", address)


class Provisioning(Connector):
    def manifest(self):
        description = f"{MANIFEST.description} {time.time()}"
        return types.Manifest(**{**vars(MANIFEST), "description": description})

    def page(self, request):
        if request.class_ == "trap":
            print("about to give up", file=sys.stderr)
            os.abort()
        if request.class_ == "flood":
            while True:
                print("x" * 1000)
        port = int(request.extra_attributes[0])
        found = {
            "environment": sorted(os.environ),
            "arguments": sys.argv[1:],
            "password file": attempt(lambda: reads("/etc/passwd")),
            "above": attempt(lambda: os.listdir("/")),
            "here": attempt(lambda: os.listdir(".")),
            "written": attempt(lambda: writes("/tmp/purser-snoops")),
            "address": attempt(lambda: connects(("127.0.0.1", port))),
            "datagram": attempt(lambda: sends(("127.0.0.1", port))),
            "name": attempt(lambda: socket.getaddrinfo("localhost", port)),
            "process": attempt(lambda: os.system("true")),
            "random": len({random.SystemRandom().random() for _ in range(10)}),
            "year": time.gmtime().tm_year,
        }
        print("looked around")
        return types.Page([object_of("1", found)], types.Tail_Complete())
