"""Runs code against generated modules: what went wrong, by file, as JSON."""

import json
import os
import sys
import traceback


def same(value, expected):
    """A value reads as the type that was written, and as what was written."""
    if type(value) is not type(expected):
        raise TypeError(f"{value!r} is no {type(expected).__name__}")
    if value != expected:
        raise ValueError(f"{value!r} is not {expected!r}")


class Channel:
    """Answers every call with an empty response, without a network."""

    def unary_unary(self, path, request_serializer, response_deserializer, **_):
        return lambda request: response_deserializer(written(request_serializer, request))

    def unary_stream(self, path, request_serializer, response_deserializer, **_):
        return lambda request: iter(
            [response_deserializer(written(request_serializer, request))]
        )

    def stream_unary(self, path, request_serializer, response_deserializer, **_):
        def call(requests):
            for request in requests:
                written(request_serializer, request)
            return response_deserializer(b"")

        return call

    def stream_stream(self, path, request_serializer, response_deserializer, **_):
        def call(requests):
            for request in requests:
                yield response_deserializer(written(request_serializer, request))

        return call


def written(serializer, request):
    """Refuses what the stub cannot write; the answer is always empty."""
    serializer(request)
    return b""


class Server:
    """Serves methods one at a time, without a network."""

    def __init__(self):
        self.handlers = {}

    def add_generic_rpc_handlers(self, handlers):
        pass

    def add_registered_method_handlers(self, service, handlers):
        self.handlers.update(handlers)

    def call(self, name, request):
        handler = self.handlers[name]
        read = handler.request_deserializer
        if handler.request_streaming:
            request = (read(each.SerializeToString()) for each in request)
        else:
            request = read(request.SerializeToString())
        serve = (
            handler.unary_unary
            or handler.unary_stream
            or handler.stream_unary
            or handler.stream_stream
        )
        response = serve(request, None)
        write = handler.response_serializer
        if handler.response_streaming:
            response = list(response)
            for each in response:
                write(each)
        else:
            write(response)
        return response


def main():
    root, uses = sys.argv[1:]
    sys.path.insert(0, root)
    wrong = {}
    for file in sorted(os.listdir(uses)):
        with open(os.path.join(uses, file), encoding="utf-8") as text:
            code = text.read()
        known = {"same": same, "Channel": Channel, "Server": Server}
        try:
            exec(compile(code, file, "exec"), known)
        except Exception:
            lines = traceback.format_exc().strip().splitlines()
            at = [line.strip() for line in lines if file in line]
            wrong[file.removesuffix(".py")] = f"{lines[-1]} ({at[-1] if at else ''})"
    print(json.dumps(wrong))


main()
