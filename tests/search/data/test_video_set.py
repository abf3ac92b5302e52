from pathlib import Path

import numpy as np
import pytest
from encoded import encode, shown, sound

from costmodel.errors import DataError
from search.data import open_data
from search.data.file_videos import FileVideos
from search.data.video_set import at_rate, notes_of


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of several sizes, rates, lengths and kinds, and what is none."""
    root = tmp_path_factory.mktemp("mixed") / "clips"
    encode(root / "train" / "run" / "a.mp4", shown(25, 32, 48), "libx264", 25)
    encode(root / "train" / "run" / "b.webm", shown(30, 48, 32), "libvpx-vp9", 60)
    encode(root / "train" / "walk" / "c.avi", shown(12, 40, 40), "mpeg4", 24)
    encode(root / "val" / "walk" / "d.mp4", shown(1))
    np.save(root / "train" / "walk" / "e.npy", shown(15, 20, 20)[..., 0])
    (root / "train" / "walk" / "broken.mp4").write_bytes(b"no video at all")
    sound(root / "train" / "run" / "sound.mp4")
    (root / "train" / "run" / "empty.webm").touch()
    (root / "train" / "readme.txt").touch()
    encode(root / "loose.mp4", shown(1))
    (root / "train" / "out.mp4").symlink_to(root.parent / "other.mp4")
    return root


def test_sizes_rates_and_lengths_are_mixed_in_one_set(mixed: Path):
    data = open_data(str(mixed))
    assert isinstance(data.train, FileVideos)
    assert data.classes == ("run", "walk")
    assert data.train.labels.tolist() == [0, 0, 1, 1]
    assert data.train.sizes.tolist() == [[32, 48], [48, 32], [40, 40], [20, 20]]
    # one second, a half, a half and 15 frames, at 30 ticks a second
    assert data.train.lengths.tolist() == [30, 15, 15, 15]
    assert (data.fps, len(data.validation.labels)) == (30, 1)


def test_all_that_is_left_out_is_named_with_its_reason(mixed: Path):
    told = "\n".join(notes_of(open_data(str(mixed)).left))
    for part in (
        "3 videos that cannot be decoded are left out: ",
        "train/run/empty.webm: is empty, expected a video",
        "train/run/sound.mp4: has no video, sound alone",
        "train/walk/broken.mp4: not a video (invalid data found when processing input)",
        "1 clip has no label, and is left out: loose.mp4",
        "1 file is no clip that is read, and left out: train/readme.txt",
        "1 link leads out of the folder, and is left out: train/out.mp4",
    ):
        assert part in told


def test_another_clock_makes_other_ticks_and_another_key(mixed: Path):
    slow, data = open_data(f"{mixed}:fps=10"), open_data(str(mixed))
    assert slow.train.lengths.tolist() == at_rate(data, 10).train.lengths.tolist() == [10, 5, 5, 5]
    assert slow.key == at_rate(data, 10).key == f"{data.key},fps=10"


def test_a_part_of_a_whole_video_is_used_from_second_to_second(tmp_path: Path):
    for name in ("whole", "x_000000_000001", "y_000000_000001"):
        encode(tmp_path / f"{name}.mp4", shown(90))
    rows = ["label,youtube_id,time_start,time_end,split", "a,whole,1,2,train", "b,x,0,1,train", "a,y,0,1,val"]
    (tmp_path / "all.csv").write_text("\n".join(rows))
    train = open_data(f"{tmp_path}:workers=0").train
    assert train.lengths.tolist() == [30, 90]
    first = train.frames(np.array([0]), np.array([[0, 29]]))
    assert np.array_equal(first[0], shown(90)[[30, 59]])


def test_jesters_frames_are_taken_in_time_too(tmp_path: Path):
    from PIL import Image

    for clip in ("1", "2", "3"):
        (tmp_path / clip).mkdir()
        for number, frame in enumerate(shown(12)):
            Image.fromarray(frame).save(tmp_path / clip / f"{number:05d}.png")
    (tmp_path / "jester-v1-train.csv").write_text("1;Swiping Left\n2;Swiping Right\n")
    (tmp_path / "jester-v1-validation.csv").write_text("3;Swiping Left\n")
    data = open_data(f"{tmp_path}:fps=24,workers=0")
    assert (data.train.lengths.tolist(), data.mirrors) == ([24, 24], False)
    frames = data.train.frames(np.array([1]), np.array([[0, 2, 3, 23]]))[0]
    assert np.array_equal(frames, shown(12)[[0, 1, 1, 11]])


def test_charades_has_several_labels_a_video(tmp_path: Path):
    for name in ("AAAAA", "BBBBB", "CCCCC"):
        encode(tmp_path / f"{name}.mp4", shown(2))
    for part, name in (("train", "AAAAA"), ("test", "BBBBB")):
        (tmp_path / f"Charades_v1_{part}.csv").write_text(f"id,actions\n{name},c001 0 1;c000 0 1\n")
    with (tmp_path / "Charades_v1_train.csv").open("a") as file:
        file.write("CCCCC,c002 1 2\n")
    data = open_data(str(tmp_path))
    assert data.train.labels.tolist() == [[1, 1, 0], [0, 0, 1]]
    assert data.validation.labels.tolist() == [[1, 1, 0]]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("fps=0", "fps is '0', expected a number up to 1e+06"),
        ("split=x", "split is 'x', expected a number up to 9"),
        ("workers=999", "workers is '999', expected a number up to 64"),
        ("rate=3", "unknown 'rate'"),
        ("reader=none", "reader=none: unknown"),
    ],
)
def test_a_wrong_option_is_named(mixed: Path, options: str, told: str):
    with pytest.raises(DataError) as error:
        open_data(f"{mixed}:{options}")
    assert told in str(error.value)


def test_a_set_whose_labels_name_no_clip_that_is_there_is_refused(tmp_path: Path):
    (tmp_path / "train.csv").write_text("a.mp4 0\n")
    with pytest.raises(DataError, match=r"no clip left, such as a.mp4"):
        open_data(str(tmp_path))


def test_beside_clips_in_memory_too_nothing_is_dropped_in_silence(tmp_path: Path):
    for kind in ("run", "walk"):
        for number in range(5):
            (tmp_path / kind).mkdir(exist_ok=True)
            np.save(tmp_path / kind / f"{number}.npy", np.zeros((2, 4, 4), np.uint8))
    np.savez(tmp_path / "run" / "x.npz", np.zeros(3))
    assert notes_of(open_data(str(tmp_path)).left) == [
        "1 file is no clip that is read, and left out: run/x.npz"
    ]


def test_a_moment_lies_at_its_tick_whatever_the_rate(mixed: Path):
    train = open_data(f"{mixed}:workers=0").train
    # about half a second in: of 25, 60 and 24 frames a second, and of an array, which has 30
    found = [int(train.frames(np.array([number]), np.array([[14]]))[0, 0, 0, -1, 0]) for number in range(4)]
    expected = [round(14 / 30 * rate) * 7 % 200 for rate in (25, 60, 24, 30)]
    assert all(abs(each - wanted) < 4 for each, wanted in zip(found, expected, strict=True))
