import os
from pathlib import Path

import numpy as np
import pytest

from costmodel.errors import DataError
from search.data.folder import folder


def clip(path: Path, frames=3, height=4, width=5, value=7):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.full((frames, height, width), value, np.uint8))


def two_classes(root: Path):
    for number in range(5):
        clip(root / "run" / f"{number}.npy", value=number)
        clip(root / "walk" / f"{number}.npy", value=10 + number)


def message(root: Path) -> str:
    with pytest.raises(DataError) as error:
        folder(root)
    return str(error.value)


def test_a_folder_for_each_class_is_split_by_the_seed(tmp_path: Path):
    two_classes(tmp_path)
    data = folder(tmp_path, 1)
    assert data.classes == ("run", "walk")
    assert data.train.labels.tolist() == [0] * 4 + [1] * 4
    assert data.validation.labels.tolist() == [0, 1]


def test_train_and_val_folders_are_the_split(tmp_path: Path):
    for part, number in (("train", 2), ("val", 1)):
        for label in ("run", "walk"):
            for each in range(number):
                clip(tmp_path / part / label / f"{each}.npy")
    data = folder(tmp_path)
    assert (len(data.train.labels), len(data.validation.labels)) == (4, 2)


def test_labels_come_from_a_csv(tmp_path: Path):
    for name in "abcd":
        clip(tmp_path / f"{name}.npy")
    (tmp_path / "labels.csv").write_text(
        "clip,label,split\na.npy,x,train\nb.npy,y,train\nc.npy,x,val\nd.npy,y,val\n"
    )
    data = folder(tmp_path)
    assert data.classes == ("x", "y")
    assert data.train.labels.tolist() == data.validation.labels.tolist() == [0, 1]


def test_frames_are_picked_by_video_and_time(tmp_path: Path):
    two_classes(tmp_path)
    data = folder(tmp_path)
    picked = data.train.frames(np.array([0, 5]), np.array([[0, 2], [1, 1]]))
    assert picked.shape == (2, 2, 4, 5, 1)
    assert picked[0].max() < 10 <= picked[1].min()


def test_an_empty_folder_is_named(tmp_path: Path):
    expected = (
        f"{tmp_path}: no clips found, expected videos, .npy, folders of images in one folder for each class"
    )
    assert message(tmp_path) == expected


def test_a_missing_folder_is_named(tmp_path: Path):
    missing = tmp_path / "no"
    expected = f"--data {missing}: neither a folder nor a known data set; expected a path, or `digits`"
    assert message(missing) == expected


def test_one_class_is_named(tmp_path: Path):
    for number in range(5):
        clip(tmp_path / "run" / f"{number}.npy")
    assert message(tmp_path).endswith(f"{tmp_path.name}: one class, 'run'; expected two or more")


def test_a_clip_of_another_size_is_named(tmp_path: Path):
    two_classes(tmp_path)
    clip(tmp_path / "walk" / "z.npy", width=9)
    place = tmp_path / "walk" / "z.npy"
    expected = "a clip of 9x4 pixels in 1 channel, expected 5x4 pixels in 1 channel as the first clip has"
    assert message(tmp_path) == f"{place}: {expected}"


def test_a_label_without_its_clip_is_named(tmp_path: Path):
    (tmp_path / "labels.csv").write_text("clip,label\na.npy,x\n")
    place = tmp_path / "labels.csv"
    assert message(tmp_path) == f"{place}:2: labels do not match, there is no clip 'a.npy'"


def test_a_class_that_is_only_validated_is_named(tmp_path: Path):
    for part, label in (("train", "run"), ("train", "walk"), ("val", "jump")):
        clip(tmp_path / part / label / "a.npy")
    assert message(tmp_path) == f"{tmp_path}: labels do not match, 'jump' is validated but never trained"


def test_a_csv_without_labels_is_named(tmp_path: Path):
    (tmp_path / "labels.csv").write_text("clip,class\na.npy,x\n")
    expected = "no column 'label', expected clip,label and perhaps split"
    assert message(tmp_path) == f"{tmp_path / 'labels.csv'}: {expected}"


def labels(root: Path, content: bytes) -> Path:
    for name in "abcd":
        clip(root / f"{name}.npy")
    (root / "labels.csv").write_bytes(content)
    return root


GOOD = b"clip,label,split\na.npy,x,train\nb.npy,y,train\nc.npy,x,val\nd.npy,y,val\n"


def test_labels_that_excel_wrote_are_read(tmp_path: Path):
    content = b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n")
    assert folder(labels(tmp_path, content)).classes == ("x", "y")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"clip,label\na.npy,\xe9\n", ": byte 17 is not UTF-8; expected CSV in UTF-8"),
        (
            b"clip,label\n/etc/passwd,x\n",
            ":2: clip '/etc/passwd' lies outside the folder, expected one inside",
        ),
        (b"clip,label\n../b.npy,x\n", ":2: clip '../b.npy' lies outside the folder, expected one inside"),
        (b"clip,label\nlink.npy,x\n", ":2: clip 'link.npy' lies outside the folder, expected one inside"),
        (b"clip,label\n" + b"a" * 200_000 + b",x\n", ":1: not CSV, field larger than field limit (131072)"),
        (
            b"clip,label\n" + b"a" * 5000 + b",x\n",
            f":2: labels do not match, there is no clip '{'a' * 80}...'",
        ),
        (b"clip,label\na\0.npy,x\n", ":2: labels do not match, there is no clip 'a\\x00.npy'"),
        (b"clip,label\na.npy\n", ":2: clip 'a.npy' with label None, expected both"),
        (b"clip,label,split\na.npy,x,elsewhere\n", ":2: split 'elsewhere', expected train, val, validation"),
        (b"", ": no column 'clip', expected clip,label and perhaps split"),
    ],
)
def test_labels_that_cannot_be_read_are_named(tmp_path: Path, content: bytes, found: str):
    inside = tmp_path / "data"
    clip(tmp_path / "b.npy")
    clip(inside / "a.npy")
    (inside / "link.npy").symlink_to(tmp_path / "b.npy")
    assert message(labels(inside, content)) == f"{inside / 'labels.csv'}{found}"


def test_a_class_that_is_a_link_out_of_the_folder_is_named(tmp_path: Path):
    two_classes(tmp_path / "data")
    clip(tmp_path / "other" / "0.npy")
    (tmp_path / "data" / "x").symlink_to(tmp_path / "other")
    place = tmp_path / "data" / "x" / "0.npy"
    assert message(tmp_path / "data") == f"{place}: leads out of the folder, expected a file inside"


def test_a_pipe_is_refused_before_anything_waits_for_it(tmp_path: Path):
    two_classes(tmp_path)
    os.mkfifo(tmp_path / "labels.csv")
    expected = "cannot be read, is a named pipe, expected a file"
    assert message(tmp_path) == f"{tmp_path / 'labels.csv'}: {expected}"


def test_clips_that_would_fill_the_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    two_classes(tmp_path)
    np.save(tmp_path / "run" / "0.npy", np.zeros((3, 4, 5)))
    monkeypatch.setattr("search.data.folder._most_held", lambda: 50)
    place = tmp_path / "run" / "0.npy"
    assert message(tmp_path) == f"{place}: the clips so far take half of the memory; save them as .npy"


def test_a_class_of_several_that_is_never_trained_is_named(tmp_path: Path):
    for name in "abc":
        clip(tmp_path / f"{name}.npy")
    rows = ["clip,label,split", "a.npy,x,train", "b.npy,x;y,train", "c.npy,y;new,val"]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    assert message(tmp_path) == f"{tmp_path}: labels do not match, 'new' is validated but never trained"
