"""The cases the Swift tests of canonical form and JSON compare with are what Python's protobuf says, still."""

import importlib.util
import pathlib

DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "Golden" / "otlp-json"


def load_generator():
    spec = importlib.util.spec_from_file_location("otlp_json_generate", DIRECTORY / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_cases_are_what_python_protobuf_makes_of_their_bytes():
    generator = load_generator()
    blocks = (DIRECTORY / "cases.txt").read_text().split("\n\n")
    assert len(blocks) >= 60
    for block in blocks:
        kind, wire, canonical, text = block.strip("\n").split("\n")
        message = generator.KINDS[kind].FromString(bytes.fromhex(wire))
        assert message.SerializeToString(deterministic=True).hex() == canonical
        assert generator.otlp_json(message) == text
