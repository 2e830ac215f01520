"""Random nasty version pairs: `clair compare-versions` has to answer as dpkg and rpm do.

The program is $CLAIR (build/clair by default), the number of pairs $CLAIR_TEST_PAIRS, and the seed,
which every run prints, $CLAIR_TEST_SEED.
"""

import os
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

CLAIR = os.environ.get("CLAIR", "build/clair")
PAIRS = int(os.environ.get("CLAIR_TEST_PAIRS", "2000"))
SEED = int(os.environ.get("CLAIR_TEST_SEED", "20261124"))

NUMBERS = [b"0", b"1", b"2", b"9", b"10", b"00", b"007", b"20240101", b"9" * 20, b"1" + b"0" * 20]
WORDS = [b"a", b"b", b"z", b"A", b"rc", b"git", b"deb12u", b"el9_2", b"p", b"dfsg", b"nmu"]
COMMON = [b".", b".", b".", b"+", b"_", b"~", b"~", b"~~", b"-", b":", b"0:", b"1:"]
ODD = [b" ", b"\xc3\xa9", b"\xff", b"/", b"%", b"$", b"\x01", b"--", b"-1:", b"2147483648:", b"(none):"]
PIECES = {
    "dpkg": NUMBERS * 2 + WORDS + COMMON * 2 + ODD,
    "rpm": NUMBERS * 2 + WORDS + COMMON * 2 + [b"^", b"^", b"^", b"^^", b"~^"] + ODD,
}


def random_version(rng, scheme):
    """A plausible version; what it is made of is one in four times anything at all."""
    pieces = PIECES[scheme]
    if rng.random() < 0.25:
        return b"".join(rng.choice(pieces) for _ in range(rng.randint(1, 7)))
    version = rng.choice([b"", b"", b"0:", b"1:", b"01:", b"2:"])
    version += b"".join(
        rng.choice(NUMBERS) + rng.choice(pieces) for _ in range(rng.randint(1, 3))
    )
    return version + rng.choice([b"", b"-0", b"-1", b"-1~deb12u1", b"-2.el9_2", b"-a"])


def changed_version(rng, scheme, version):
    """A near neighbour: one piece put in, one byte or the whole end taken away."""
    at = rng.randint(0, len(version))
    kind = rng.randrange(4)
    if kind < 2:
        return version[:at] + rng.choice(PIECES[scheme]) + version[at:]
    return version[:at] + (version[at + 1 :] if kind == 2 else b"")


def random_pairs(scheme):
    print(f"CLAIR_TEST_SEED={SEED} CLAIR_TEST_PAIRS={PAIRS}")
    rng = random.Random(f"{scheme} {SEED}")
    pairs = []
    while len(pairs) < PAIRS:
        a = random_version(rng, scheme)
        if rng.random() < 0.7:
            b = changed_version(rng, scheme, a)
        else:
            b = random_version(rng, scheme)
        if a and b:
            pairs.append((a, b) if rng.random() < 0.5 else (b, a))
    return pairs


def clair_answers(scheme, pairs):
    lines = b"".join(a + b"\t" + b + b"\n" for a, b in pairs)
    run = subprocess.run(
        [CLAIR, "compare-versions", scheme], input=lines, capture_output=True, check=True
    )
    assert run.stderr == b""
    return run.stdout.decode().split("\n")[:-1]


def dpkg_relation(a, relation, b):
    # Blanks in front do not count, and keep dpkg from taking a version for an option.
    run = subprocess.run(
        [b"dpkg", b"--compare-versions", b" " + a, relation, b" " + b],
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    assert run.returncode in (0, 1, 2)
    return run.returncode


def dpkg_answer(pair):
    a, b = pair
    status = dpkg_relation(a, b"lt", b)
    if status:
        return "?" if status == 2 else ">" if dpkg_relation(a, b"gt", b) == 0 else "="
    return "<"


def dpkg_answers(pairs):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(dpkg_answer, pairs))


# No % in it: rpm would take that for a macro.
RPM_PROGRAM = """
for line in io.lines("PAIRS_FILE") do
    local tab = string.find(line, "\\t", 1, true)
    local ok, order = pcall(rpm.vercmp, string.sub(line, 1, tab - 1), string.sub(line, tab + 1))
    if not ok then print("?") elseif order < 0 then print("<")
    elseif order > 0 then print(">") else print("=") end
end
"""


def rpm_answers(pairs, directory):
    pairs_file = directory / "pairs.tsv"
    pairs_file.write_bytes(b"".join(a + b"\t" + b + b"\n" for a, b in pairs))
    program = RPM_PROGRAM.replace("PAIRS_FILE", str(pairs_file))
    run = subprocess.run(
        ["rpm", "--eval", "%{lua:" + program + "}"], capture_output=True, check=True
    )
    answers = "".join(run.stdout.decode().split())  # inside a macro print() may end no lines
    # An epoch or version that is there but empty: rpm compares it, no package can have it.
    return [
        "?" if rpm_lacks_a_part(a) or rpm_lacks_a_part(b) else answer
        for answer, (a, b) in zip(answers, pairs, strict=True)
    ]


def rpm_lacks_a_part(version):
    before, colon, after = version.partition(b":")
    if colon and (before.isdigit() or not before):
        if not before:
            return True
        version = after
    return not (version.rpartition(b"-")[0] if b"-" in version else version)


def assert_same(pairs, answers, expected):
    assert len(answers) == len(pairs)
    wrong = [
        f"{a!r} {got} {b!r}, expected {want}"
        for (a, b), got, want in zip(pairs, answers, expected, strict=True)
        if got != want
    ]
    assert not wrong, f"{len(wrong)} of {len(pairs)}:\n" + "\n".join(wrong[:20])
    # A generator that makes only one kind of pair would prove nothing.
    for answer in "<=>?":
        assert expected.count(answer) > len(pairs) / 100, answer


def need(tool):
    if not shutil.which(tool):
        pytest.fail(f"{tool} is not installed")


def test_dpkg_orders_as_dpkg():
    need("dpkg")
    pairs = random_pairs("dpkg")
    assert_same(pairs, clair_answers("dpkg", pairs), dpkg_answers(pairs))


def test_rpm_orders_as_rpm(tmp_path):
    need("rpm")
    pairs = random_pairs("rpm")
    assert_same(pairs, clair_answers("rpm", pairs), rpm_answers(pairs, tmp_path))
