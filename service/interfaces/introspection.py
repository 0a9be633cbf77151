# SPDX-License-Identifier: GPL-2.0-or-later
"""The XML that tells tools (busctl, D-Feet) what is on the bus, made from the tables of the contract."""

from collections.abc import Iterable

from dbus_fast import ArgDirection, PropertyAccess
from dbus_fast import introspection as xml

from service import contract
from service.interfaces.objects import Objects

_ON_EVERY_OBJECT = (contract.PROPERTIES_INTERFACE, contract.INTROSPECTABLE)


def introspect(path: str, objects: Objects) -> str | None:
    """The description of a path, its children included. None when there is nothing at or below it."""
    children = sorted(set(_children(path, objects)))
    if path not in objects and not children:
        return None
    standard = [*_ON_EVERY_OBJECT, *([contract.OBJECT_MANAGER] if path == contract.ROOT_PATH else [])]
    names = [*objects[path], *standard] if path in objects else [contract.INTROSPECTABLE]
    node = xml.Node(path, [_interface(name) for name in names])
    node.nodes = [xml.Node(child) for child in children]
    return node.tostring()


def _children(path: str, objects: Objects) -> Iterable[str]:
    below = "/" if path == "/" else path + "/"
    return (each[len(below) :].split("/")[0] for each in objects if each.startswith(below))


def _interface(name: str) -> xml.Interface:
    methods = [
        xml.Method(
            member,
            [xml.Arg(kind, ArgDirection.IN, argument) for argument, kind in method.arguments],
            [xml.Arg(kind, ArgDirection.OUT, result) for result, kind in method.results],
        )
        for member, method in contract.METHODS.get(name, {}).items()
    ]
    signals = [
        xml.Signal(member, [xml.Arg(kind, name=argument) for argument, kind in arguments])
        for member, arguments in contract.SIGNALS.get(name, {}).items()
    ]
    properties = [
        xml.Property(member, kind, PropertyAccess.READ) for member, kind in contract.PROPERTIES.get(name, {}).items()
    ]
    return xml.Interface(name, methods, signals, properties)
