from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from encoded import encode, shown

from search.data.file_videos import FileVideos, notes_of
from search.data.folder import StoredVideos
from search.data.views import View, centre_clips, training_clips, training_cut
from search.video.recording import recording

SIZES = ((32, 48), (48, 32), (40, 40))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    return [encode(folder / f"{number}.mp4", shown(30, *size)) for number, size in enumerate(SIZES)]


def videos(files: list[Path]) -> FileVideos:
    clips = [recording(file, Fraction(30)) for file in files]
    return FileVideos(clips, np.zeros(len(files), np.int64), Fraction(30))


def test_clips_of_files_are_those_of_the_same_frames_in_memory(files: list[Path]):
    view = View(4, Fraction(3), 24, 24)
    for number, size in enumerate(SIZES):
        stored = StoredVideos([shown(30, *size)], np.zeros(1, np.int64))
        for across in (Fraction(0), Fraction(1, 2), Fraction(1)):
            mine, theirs = (
                centre_clips(each, np.array([place]), view, across=across)
                for each, place in ((videos(files), number), (stored, 0))
            )
            assert torch.equal(mine, theirs)


def test_sizes_are_mixed_in_one_batch(files: list[Path]):
    view, index = View(3, Fraction(2), 20, 20), np.array([0, 1, 2, 1])
    clips = training_clips(
        videos(files), index, view, np.random.default_rng(0), scale=[1.1, 1.2, 1.3, 1.4], mirror=True
    )
    assert clips.shape == (4, 3, 3, 20, 20)
    cut = training_cut(
        videos(files), index, view, np.random.default_rng(0), scale=[1.1, 1.2, 1.3, 1.4], mirror=True
    )
    # each its own scale of its own shorter side
    assert cut.boxes[:, 2].tolist() == [
        round(side / scale) for side, scale in zip((32, 32, 40, 32), (1.1, 1.2, 1.3, 1.4), strict=True)
    ]


def test_short_videos_loop_in_training_and_hold_their_last_frame_in_evaluation(files: list[Path]):
    view, one = View(4, Fraction(12), 32, 32), np.array([0])
    cut = training_cut(videos(files), one, view, np.random.default_rng(0), mirror=False)
    assert cut.times.tolist() == [[0, 12, 24, 6]]
    evaluated = centre_clips(videos(files), one, view)
    held = View(1, Fraction(1), 32, 32)
    last = centre_clips(videos(files), one, held, at=Fraction(1))
    assert torch.equal(evaluated[:, :, 3:], last)


def test_a_file_that_vanishes_is_black_counted_and_named(files: list[Path], tmp_path: Path):
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(files[0].read_bytes())
    found = videos([files[0], gone])
    gone.unlink()
    clips = found.frames(np.array([0, 1]), np.array([[3], [3]]))
    assert clips[0].any()
    assert not clips[1].any()
    assert len(notes_of(found)) == 1
    assert str(gone) in notes_of(found)[0]


def test_frames_are_counted_as_they_are_decoded(files: list[Path]):
    found = videos(files)
    found.frames(np.array([0]), np.array([[24, 26]]))
    # from the keyframe, every twelfth frame
    assert (found.tally.clips, found.tally.frames) == (1, 3)
