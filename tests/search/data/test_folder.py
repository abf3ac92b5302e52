from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from costmodel.errors import DataError
from search.data.folder import folder, read


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


def test_a_folder_of_images_is_a_clip(tmp_path: Path):
    for number, value in enumerate((0.0, 1.0)):
        matplotlib.image.imsave(tmp_path / f"{number}.png", np.full((4, 5, 3), value))
    frames = read(tmp_path)
    assert frames.shape == (2, 4, 5, 3)
    assert (frames[0].max(), frames[1].min()) == (0, 255)


def test_floats_from_0_to_1_become_bytes(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([0.0, 0.5, 1.0]).reshape(3, 1, 1))
    assert read(tmp_path / "a.npy").ravel().tolist() == [0, 128, 255]


def test_an_empty_folder_is_named(tmp_path: Path):
    expected = f"{tmp_path}: no clips found, expected .npy, folders of images in one folder for each class"
    assert message(tmp_path) == expected


def test_a_missing_folder_is_named(tmp_path: Path):
    missing = tmp_path / "no"
    expected = f"--data {missing}: neither a folder nor a known data set; expected a path, or `digits`"
    assert message(missing) == expected


def test_one_class_is_named(tmp_path: Path):
    for number in range(5):
        clip(tmp_path / "run" / f"{number}.npy")
    assert message(tmp_path).endswith("one class, 'run'; expected two or more")


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


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.zeros((2, 2), np.uint8), "an array of shape (2, 2), expected (time, height, width[, channels])"),
        (np.full((1, 2, 2), 3.0), "float64 values outside 0 to 1, expected bytes, or floats from 0 to 1"),
    ],
)
def test_an_array_that_is_no_clip_is_named(tmp_path: Path, array: np.ndarray, found: str):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.npy")
    assert str(error.value) == f"{tmp_path / 'a.npy'}: {found}"


def test_a_damaged_file_is_named(tmp_path: Path):
    (tmp_path / "a.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"a\.npy: not a \.npy array"):
        read(tmp_path / "a.npy")
