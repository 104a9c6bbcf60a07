"""Compiles schemas with protoc and reads messages with protobuf's own runtime.

One line of JSON in, one line out, twice: first texts to descriptor sets, then
messages to what they read as. Prints nothing else.
"""

import base64
import json
import math
import os
import random
import struct
import sys
import tempfile

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError
from grpc_tools import protoc


BUILT_IN = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")


def quietly(said, work):
    """Keeps what protoc has to say of unused imports from the screen."""
    kept = os.dup(2)
    with open(said, "wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        return work()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def compiled(files):
    """One protoc run over the files of one side."""
    with tempfile.TemporaryDirectory() as home:
        for path, text in files.items():
            place = os.path.join(home, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(text)
        out = os.path.join(home, "set.binpb")
        words = ["protoc", "-I" + home, "-I" + BUILT_IN, "--descriptor_set_out=" + out]
        words.append("--include_imports")
        said = os.path.join(home, "said")
        if quietly(said, lambda: protoc.main(words + sorted(files))) != 0:
            with open(said, encoding="utf-8", errors="replace") as file:
                sys.exit("protoc refuses a schema: " + file.read())
        with open(out, "rb") as file:
            return file.read()


def pool(descriptors):
    made = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        made.AddSerializedFile(file.SerializeToString())
    return made


def floating(value, single):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if single:
        for digits in range(1, 10):
            short = float(f"{value:.{digits}g}")
            try:
                if struct.pack("<f", short) == struct.pack("<f", value):
                    return short
            except OverflowError:
                pass
    return value


def scalar(field, value):
    kind = field.cpp_type
    if kind == field.CPPTYPE_MESSAGE:
        return shown(value)
    if kind == field.CPPTYPE_ENUM:
        named = field.enum_type.values_by_number.get(value)
        return named.name if named else value
    if kind in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64):
        return str(value)
    if kind == field.CPPTYPE_FLOAT:
        return floating(value, True)
    if kind == field.CPPTYPE_DOUBLE:
        return floating(value, False)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def key(field, value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def shown(message):
    """A message as the other side of the test prints it."""
    out = {}
    for field, value in message.ListFields():
        name = "[" + field.full_name + "]" if field.is_extension else field.name
        if is_map(field):
            names = field.message_type.fields_by_name
            out[name] = {
                key(names["key"], each): scalar(names["value"], value[each]) for each in value
            }
        elif field.is_repeated:
            # A list that was only touched counts as a field to the runtime.
            if not value:
                continue
            out[name] = [scalar(field, each) for each in value]
        else:
            out[name] = scalar(field, value)
    return out


def read(kind, data):
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        return {"error": str(error)}
    if not message.IsInitialized():
        return {"error": "a required field is missing"}
    again = message.SerializeToString(deterministic=True)
    try:
        value = shown(message)
    except UnicodeDecodeError:
        # The entry of a map whose key is a broken text cannot be asked for.
        value = None
    return {"json": value, "again": again.hex()}


def some(field, chance):
    """A random value of a scalar field."""
    kind = field.cpp_type
    bits = chance.choice([1, 7, 8, 31, 32, 63])
    number = chance.getrandbits(bits)
    signed = number if chance.random() < 0.5 else -number
    if kind == field.CPPTYPE_INT32:
        return max(-(2**31), min(2**31 - 1, signed))
    if kind == field.CPPTYPE_INT64:
        return signed
    if kind == field.CPPTYPE_UINT32:
        return number & 0xFFFFFFFF
    if kind == field.CPPTYPE_UINT64:
        return chance.getrandbits(64)
    if kind == field.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if kind == field.CPPTYPE_FLOAT:
        return struct.unpack("<f", struct.pack("<I", chance.getrandbits(32)))[0]
    if kind == field.CPPTYPE_DOUBLE:
        return struct.unpack("<d", struct.pack("<Q", chance.getrandbits(64)))[0]
    if kind == field.CPPTYPE_ENUM:
        if not field.enum_type.is_closed and chance.random() < 0.3:
            return chance.getrandbits(31)
        return chance.choice(field.enum_type.values).number
    if field.type == field.TYPE_BYTES:
        return bytes(chance.getrandbits(8) for _ in range(chance.randrange(4)))
    return "".join(chance.choice("aé\0字😀") for _ in range(chance.randrange(4)))


def fill(message, chance, depth):
    """Sets random fields of a message."""
    fields = list(message.DESCRIPTOR.fields)
    fields += message.DESCRIPTOR.file.pool.FindAllExtensions(message.DESCRIPTOR)
    for field in fields:
        wanted = field.is_required or chance.random() < 0.2
        if not wanted or (depth == 0 and field.message_type and not field.is_required):
            continue
        if field.is_extension:
            holder = message.Extensions
            value = holder[field] if field.is_repeated or field.message_type else None
        else:
            value = getattr(message, field.name)
        if is_map(field):
            names = field.message_type.fields_by_name
            for _ in range(chance.randrange(3)):
                name = some(names["key"], chance)
                if names["value"].message_type:
                    fill(value[name], chance, depth - 1)
                else:
                    value[name] = some(names["value"], chance)
        elif field.is_repeated:
            for _ in range(chance.randrange(4)):
                if field.message_type:
                    fill(value.add(), chance, depth - 1)
                else:
                    value.append(some(field, chance))
        elif field.message_type:
            value.SetInParent()
            fill(value, chance, depth - 1)
        elif field.is_extension:
            message.Extensions[field] = some(field, chance)
        else:
            setattr(message, field.name, some(field, chance))


def made(kind, count, seed):
    chance = random.Random(seed)
    for _ in range(count):
        message = kind()
        fill(message, chance, 3)
        # An unset message of its own type may still lack what is required.
        if message.IsInitialized():
            data = message.SerializeToString(deterministic=True)
            yield {"bytes": data.hex(), "json": shown(message)}


def main():
    texts = json.loads(sys.stdin.readline())
    sets = [compiled(files) for files in texts["sides"]]
    answer = {
        "runtime": api_implementation.Type(),
        "sets": [base64.b64encode(each).decode() for each in sets],
    }
    print(json.dumps(answer), flush=True)
    pools = [pool(each) for each in sets]
    kinds = {}

    def kind(side, name):
        if (side, name) not in kinds:
            found = pools[side].FindMessageTypeByName(name)
            kinds[side, name] = message_factory.GetMessageClass(found)
        return kinds[side, name]

    asked = json.loads(sys.stdin.readline())
    answer = {
        "read": [read(kind(side, name), bytes.fromhex(data)) for side, name, data in asked["read"]],
        "made": [
            list(made(kind(side, name), count, seed)) for side, name, count, seed in asked["make"]
        ],
    }
    print(json.dumps(answer), flush=True)


main()
