"""Names of releases: each resolves, and what doesn't is told in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.releases.names import ReleaseError, find, is_name, name, names, steps
from kerasdiff.releases.shelf import Step, lines, release, releases
from tests.conftest import acting
from tests.releases import shelves

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = steps()


@pytest.fixture(params=["shipped", "planned"])
def shelf(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from shelves.put(monkeypatch, releases() if request.param == "shipped" else shelves.planned())


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every release of the lines is there, and reasons why one isn't."""
    reasons = {"keras-0.3.3+theano-0.8.2": "needs Python 2.7", "tensorflow==1.0": "holds no Keras"}
    yield from shelves.put(monkeypatch, shelves.planned(), reasons)


def refusal(text: str) -> str:
    with pytest.raises(ReleaseError) as caught:
        find(text)
    return str(caught.value)


def test_every_shipped_release_stands_in_a_line() -> None:
    assert {step.release for step in STEPS} == releases().keys()
    assert all(step.api in releases()[step.release].apis for step in STEPS)


@pytest.mark.usefixtures("shelf")
def test_every_release_resolves_by_each_of_its_names() -> None:
    every = steps()
    assert len(every) >= len(STEPS)
    for step in every:
        assert names(step)
        for called in names(step):
            assert is_name(called)
            assert find(called) == find(called.upper()) == find(f" {called.replace('==', ' == ')} ") == step
    assert len({name(step) for step in every}) == len(every)


@pytest.mark.usefixtures("shelf")
def test_a_minor_version_is_its_newest_patch() -> None:
    newest: dict[tuple[str, str], tuple[list[int], Step]] = {}
    for step in steps():
        called, _, backend = name(step).partition("+")
        minor, _, patch = called.rpartition(".")
        newest[minor, backend] = max(newest.get((minor, backend), ([], step)), ([int(patch)], step))
    assert len(newest) <= len(steps())
    for (minor, backend), (_, step) in newest.items():
        on = f"+{backend}" if backend else ""
        assert find(f"{minor}{on}") == find(f"{minor}.*{on}") == step


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("text", "released", "api"),
    [
        ("tensorflow==2.15", "tensorflow-2.15.1", "tf.keras"),
        ("tensorflow-cpu==2.15.1", "tensorflow-2.15.1", "tf.keras"),
        ("TensorFlow_GPU==2.15", "tensorflow-2.15.1", "tf.keras"),
        ("tensorflow[and-cuda]==2.15", "tensorflow-2.15.1", "tf.keras"),
        ("keras==2.15", "tensorflow-2.15.1", "tf.keras"),
        ("tensorflow==1.15", "keras-2.3.1+tensorflow-1.15.5", "tf.keras"),
        ("keras==2.3.1", "keras-2.3.1+tensorflow-1.15.5", "keras"),
        ("keras==2.2.4", "keras-2.2.4+tensorflow-1.12.3", "keras"),
        ("keras==2.2.4+theano", "keras-2.2.4+theano-1.0.5", "keras"),
        ("Keras==2.2.4+CNTK", "keras-2.2.4+cntk-2.7", "keras"),
        ("keras==1.2", "keras-1.2.2+tensorflow-1.4.1", "keras"),
        ("tensorflow==1.4", "keras-2.0.9+tensorflow-1.4.1", "tf.keras"),
        ("tensorflow==0.12", "keras-1.1.2+tensorflow-0.12.1", "keras"),
        ("keras==3.11", "keras-3.11.3+tensorflow-2.20.0", "keras"),
        ("keras==3.8+jax", "keras-3.8.0+jax-0.4.38", "keras"),
        ("keras==3.8+jax==0.4", "keras-3.8.0+jax-0.4.38", "keras"),
        ("keras==3.15.1+openvino", "keras-3.15.1+openvino-2026.4", "keras"),
        ("tensorflow==2.16", "keras-3.3.3+tensorflow-2.16.2", "keras"),
        ("tensorflow==2.20.0", "keras-3.13.2+tensorflow-2.20.0", "keras"),
        ("tf_keras==2.16", "tf-keras-2.16.0+tensorflow-cpu-2.16.2", "tf_keras"),
        ("tf-keras==2", "tf-keras-2.21.0+tensorflow-cpu-2.21.0", "tf_keras"),
        ("keras==3", "keras-3.15.1+tensorflow-2.21.0", "keras"),
    ],
)
def test_what_a_name_means(text: str, released: str, api: str) -> None:
    assert find(text) == Step(released, api)


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "tensorflow==2.15.0",
            "isn't shipped; nearest are tensorflow==2.14.1, tensorflow==2.15.1; kerasdiff releases lists them",
        ),
        ("keras==3.16", "isn't shipped; nearest is keras==3.15.1; kerasdiff releases lists them"),
        ("keras==3.11+jax", "nearest are keras==3.8.0+jax, keras==3.11.3, keras==3.15.1+jax; kerasdiff releases lists them"),
        ("keras==3.15.1+jx", "isn't shipped on jx: did you mean jax?"),
        ("keras==3.15.1+tensorflow==2.20", "isn't shipped; nearest is keras==3.15.1; kerasdiff releases lists them"),
        ("tensorflow==2.15+jax", "isn't shipped on jax: there are tensorflow"),
        ("keras==0.3", "isn't shipped (needs Python 2.7); nearest is keras==1.0.8"),
        ("keras==0.3.3+theano", "isn't shipped (needs Python 2.7); nearest is keras==1.0.8+theano"),
        ("tensorflow==1.0.1", "isn't shipped (holds no Keras); nearest are tensorflow==0.12.1, tensorflow==1.4.1"),
        (
            "tensorflow>=2.8,<2.11",
            "is no single release; those that fit are tensorflow==2.8.4, tensorflow==2.9.3, tensorflow==2.10.1",
        ),
        ("keras>=3", "keras==3.6.0, keras==3.7.0 and 8 more"),
        ("keras>4", "no shipped release fits; kerasdiff releases lists them"),
        ("keras==3.0.0rc1", "no shipped release fits"),
        ("keras==" + "9" * 30, "no shipped release fits"),
        ("tensorflow=2.15", "names no release; write tensorflow==2.15"),
        ("keras==", "names no release; write PACKAGE==VERSION, as keras==3.15.1"),
        ("keras==new", "names no release; write PACKAGE==VERSION, as keras==3.15.1"),
        ("==3", "names no release; write PACKAGE==VERSION, as keras==3.15.1"),
        ("tensorfow==2.15", "names no release; did you mean tensorflow==2.15?"),
        ("jax==0.4", "names no release; it is a backend; write Keras on it, as keras==3.15.1+jax"),
        ("caffe==1", "names no release; there are keras, tensorflow, tf_keras; kerasdiff releases lists them"),
        ("keras==3\n\x1b[31m", "names no release"),
    ],
)
def test_what_is_not_there_is_told_with_what_nearly_fits(text: str, why: str) -> None:
    assert is_name(text)
    told = refusal(text)
    assert why in told
    assert acting(told) == set()


def test_where_no_backend_is_usual_one_must_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {one: known for one, known in shelves.planned().items() if "+tensorflow" not in one and "cntk" not in one}
    for _ in shelves.put(monkeypatch, here):
        assert find("keras==2.2.4").release == "keras-2.2.4+theano-1.0.5"
        told = "keras==3.8: is shipped on jax and torch; say on which, as keras==3.8+jax"
        assert refusal("keras==3.8") == told
        del here["keras-3.8.0+torch-2.5.1"]
        shelves.forget()
        assert find("keras==3.8").release == "keras-3.8.0+jax-0.4.38"


def test_of_two_on_one_backend_the_newer_is_meant_and_both_have_names(monkeypatch: pytest.MonkeyPatch) -> None:
    here = shelves.planned()
    older = Step("keras-3.15.1+tensorflow-2.20.0", "keras")
    known = here["keras-3.15.1+tensorflow-2.21.0"].apis["keras"]
    here[older.release] = shelves.row({"keras": type(known)(known.version, known.backend, "2.20.0")})
    line = lines()["keras 3"]
    monkeypatch.setattr("kerasdiff.releases.names.lines", lambda: {"keras 3": (*line[:-1], older, line[-1])})
    for _ in shelves.put(monkeypatch, here):
        assert find("keras==3.15") == line[-1]
        assert name(older) == "keras==3.15.1+tensorflow==2.20.0"
        assert find("tensorflow==2.20") == older


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a.json", False), ("-", False), ("keras-3.15.1", False), ("./keras==3.15.1", False), ("old/a==b.json", False),
        ("C:\\a==b.json", False), ("a<b.json", False), ("a==b.json", True), ("keras<4", True), ("numpy<2", False), ("", False),
    ],
)  # fmt: skip
def test_two_equal_signs_mark_a_name_and_a_folder_a_file(text: str, is_one: bool) -> None:
    assert is_name(text) is is_one


_PIECES = st.sampled_from(
    (
        *("keras", "tensorflow", "tf_keras", "Tf-Keras", "==", "=", ">=", "<", "~=", "+", "jax", "2", "3.15", ".", "*", "[x]"),
        *(",", "\n", " ", "9" * 40, "\u0663", "\x00", "\ud800", "\u202e", "rc1", "!", "torch==2", "(", "é"),
    )
)


@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=12).map("".join)))
def test_no_text_gives_anything_but_a_release_or_a_line(text: str) -> None:
    assert is_name(text) in {True, False}
    found: Step | str
    try:
        found = find(text)
    except ReleaseError as error:
        found = str(error)
    assert found in STEPS or (isinstance(found, str) and acting(found) == set() and len(found) < 1000)
    assert is_name(text) or isinstance(found, str)


@pytest.mark.parametrize("step", STEPS, ids=name)
def test_a_release_is_what_its_name_says(step: Step) -> None:
    known = release(step.release).apis[step.api]
    package, _, version = name(step).partition("+")[0].partition("==")
    assert version == (known.backend_version if package == "tensorflow" else known.version)
