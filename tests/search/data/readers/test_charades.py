from pathlib import Path

from labelled import clips, listed, made

# the set's own columns; a script is prose, with commas, quotes and perhaps more lines than one
HEAD = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length\n"
PROSE = 'Bedroom,6,7,Yes,"A person, at the ""desk"",\nlooks.",chair;desk,"sits;looks, too"'


def test_a_video_has_the_classes_of_all_its_actions(tmp_path: Path):
    (tmp_path / "Charades_v1_train.csv").write_text(
        f"{HEAD}46GP8,HR43,{PROSE},c092 11.90 21.20;c147 0.00 12.60;c092 22 23,24.83\nN11GT,A,{PROSE},,9\n"
    )
    (tmp_path / "Charades_v1_test.csv").write_text(f"{HEAD}GONE1,A,{PROSE},c147 0 1,9\n")
    (tmp_path / "Charades_v1_classes.txt").write_text("c092 Watching a picture\nc147 Sitting at a table\n")
    found = listed(made(tmp_path, **{"480__46GP8_mp4": "", "480__N11GT_mp4": ""}), "charades")
    assert clips(found) == [
        ("480/46GP8.mp4", ("c092 Watching a picture", "c147 Sitting at a table"), "train")
    ]
    assert (found.missing, found.left_out, found.several) == (["GONE1"], ["N11GT"], True)
    assert found.rate == 24
    assert found.classes == ("c092 Watching a picture", "c147 Sitting at a table")
