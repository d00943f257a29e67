"""Coverage-guided fuzzing of the response parser: no crash, every byte kept.

python -m tests.fuzz.framing FOLDER SECONDS; needs atheris, see `make fuzz`. FOLDER
keeps what the fuzzer learned, and the input of a crash. The first bytes of an input
choose method, limit, ending and cuts; the rest is the stream.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["crawlers.engine", "archive.warc"]):
    from tests.support.inputs.streams import HOW, check, check_entity

from tests.property.test_framing_fuzz import TOKENS, seeds

CHOICE_BYTES = 4
LONGEST_BYTES = 4096


def one_input(data: bytes) -> None:
    """Judge one input; an exception is a finding."""
    how, *places = data[:CHOICE_BYTES].ljust(CHOICE_BYTES, b"\0")
    stream = data[CHOICE_BYTES:]
    method, limit, cause = HOW[how % len(HOW)]
    check(stream, places, method=method, limit=limit, cause=cause)
    check_entity(stream, method=method)


def prepare(folder: Path) -> list[str]:
    """Begin with our own streams and words; options for libFuzzer."""
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for number, stream in enumerate(seeds()[::7]):
            (corpus / f"seed{number}").write_bytes(bytes(CHOICE_BYTES) + stream)
    escaped = ["".join(f"\\x{byte:02x}" for byte in token) for token in TOKENS if token]
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    return [f"-dict={words}", f"-artifact_prefix={folder}/", str(corpus)]


def main() -> None:
    """Run for that long; exit code 0: nothing found."""
    folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST_BYTES}", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options, *prepare(folder)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
