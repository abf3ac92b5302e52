from pathlib import Path

from labelled import clips, listed, made


def test_a_folder_is_a_class_however_deep_its_clips_lie(tmp_path: Path):
    found = listed(made(tmp_path, run__a_mp4="", run__more__b_avi="", walk__c_webm="", d_mp4=""), "folders")
    expected = [
        ("run/a.mp4", ("run",), None),
        ("run/more/b.avi", ("run",), None),
        ("walk/c.webm", ("walk",), None),
    ]
    assert clips(found) == expected


def test_folders_of_parts_stand_above_those_of_classes(tmp_path: Path):
    found = listed(
        made(tmp_path, train__run__a_mp4="", val__run__b_mp4="", val__c_mp4="", x__d_mp4=""), "folders"
    )
    assert clips(found) == [("train/run/a.mp4", ("run",), "train"), ("val/run/b.mp4", ("run",), "validation")]


def test_a_folder_of_frames_is_a_clip(tmp_path: Path):
    found = listed(made(tmp_path, run__a__0_png="", run__a__1_png="", run__b_mp4=""), "folders")
    assert [clip.name for clip in found.clips] == ["run/a", "run/b.mp4"]
